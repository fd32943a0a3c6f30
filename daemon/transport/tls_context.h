// What TLS trusts and accepts.

#ifndef HARK_DAEMON_TRANSPORT_TLS_CONTEXT_H_
#define HARK_DAEMON_TRANSPORT_TLS_CONTEXT_H_

#include <string>

#include <boost/asio/ssl/context.hpp>

#include "daemon/base/result.h"

namespace hark::transport {

// TLS 1.2 or newer, the peer's certificate verified against `ca_file` (PEM) or, if that is empty,
// the system's store. kInvalidArgument: the file cannot be read or holds no certificate.
[[nodiscard]] Result<boost::asio::ssl::context> MakeTlsContext(const std::string& ca_file);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_TLS_CONTEXT_H_
