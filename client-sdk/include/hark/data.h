// The data of an account as a whole: forgetting it, clearing what is cached, and taking it out of
// the daemon and back in. Values and handlers of the calls in client.h.

#ifndef HARK_CLIENT_DATA_H_
#define HARK_CLIENT_DATA_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/types.h"

namespace hark::client {

// What the backend never got and is gone.
struct LostData {
  // Messages, edits, deletions and read markers.
  std::uint64_t entries = 0;
  std::uint64_t drafts = 0;
};

struct ForgetOutcome {
  AccountInfo account;  // Nobody's.
  LostData lost;
};

struct ClearCacheRequest {
  // Also what waits to be sent, drafts and scroll positions.
  bool everything = false;
  // With `everything`: also if unsent entries or drafts are lost by it. Ask the person first.
  bool discard_unsent = false;
};

struct ClearCacheOutcome {
  std::uint64_t bytes_removed = 0;
  LostData lost;  // With `everything`.
};

// Called on the caller's thread, in order. Each answers whether to go on; with false the call ends
// with kCancelled.
struct ExportHandlers {
  // How much follows.
  std::function<bool(std::uint64_t conversations, std::uint64_t messages)> on_begin;
  // Each conversation before its messages.
  std::function<bool(const Conversation& conversation)> on_conversation;
  // Of the conversation that came last, oldest first.
  std::function<bool(const std::vector<Message>& messages)> on_messages;
};

// Called on the caller's thread; answers whether to go on. `done` of `total` bytes with this piece.
using BackupSink =
    std::function<bool(std::string_view bytes, std::uint64_t done, std::uint64_t total)>;

struct RestoreRequest {
  // Of the backup; empty: it is opened with this machine's keys.
  std::string passphrase;
  // Also if unsent entries or drafts are lost by it that were written since the backup. Ask the
  // person first.
  bool discard_unsent = false;
};

// Called on the caller's thread: the next bytes of the backup, at most 1 MiB; empty: that was all;
// absent: the caller gives up.
using RestoreReader = std::function<std::optional<std::string>()>;

struct RestoreOutcome {
  // When the backup was made.
  std::optional<Time> made_at;
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
  // Entries that wait in its outbox.
  std::uint64_t outbox = 0;
  // Entries, and drafts, that were written since the backup.
  std::uint64_t entries_lost = 0;
  // The folder with the files that were replaced.
  std::string aside;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_DATA_H_
