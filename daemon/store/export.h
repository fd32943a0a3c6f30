// Everything of a store that is at the backend, to be taken out: conversation by conversation, as
// of one moment.

#ifndef HARK_DAEMON_STORE_EXPORT_H_
#define HARK_DAEMON_STORE_EXPORT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/conversation.h"
#include "daemon/model/message.h"

namespace hark::store {

struct ExportTotals {
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;  // Deleted ones included.
};

// A conversation, or some of the messages of the one that came last.
struct ExportPart {
  std::optional<Conversation> conversation;
  std::vector<Message> messages;  // Oldest first; at most limits::kExportPartBytes of them.
};

// Used by one thread at a time. Independent of the store that it was taken of, which may be closed.
class ExportSource {
 public:
  ExportSource() = default;
  ExportSource(const ExportSource&) = delete;
  ExportSource& operator=(const ExportSource&) = delete;
  virtual ~ExportSource() = default;

  [[nodiscard]] virtual const ExportTotals& totals() const = 0;
  // Nothing: that was all. Milliseconds.
  [[nodiscard]] virtual Result<std::optional<ExportPart>> Next() = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_EXPORT_H_
