// The folder that the local socket lies in: what keeps other users away from it.

#ifndef HARK_DAEMON_IPC_SOCKET_FOLDER_H_
#define HARK_DAEMON_IPC_SOCKET_FOLDER_H_

#include <filesystem>

#include "daemon/base/result.h"

namespace hark::ipc {

// Makes sure that `folder` exists, is a real folder of this user, and is open to nobody else. As
// ListeningSocket::Open.
[[nodiscard]] Result<void> PrepareSocketFolder(const std::filesystem::path& folder);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_SOCKET_FOLDER_H_
