// Reads a copy of cache.db from its beginning to its end.

#ifndef HARK_DAEMON_STORE_EXPORT_READER_H_
#define HARK_DAEMON_STORE_EXPORT_READER_H_

#include <memory>
#include <optional>

#include "daemon/store/connection.h"
#include "daemon/store/export.h"
#include "daemon/store/statement_cache.h"
#include "daemon/store/store_copy.h"

namespace hark::store {

class ExportReader final : public ExportSource {
 public:
  // `folder` holds cache.db, under `key`. kNotFound: no such conversation. May throw
  // SQLite::Exception.
  [[nodiscard]] static Result<std::unique_ptr<ExportReader>> Open(
      CopyFolder folder, const Secret& key, std::optional<ConversationId> conversation);
  ~ExportReader() override;

  [[nodiscard]] const ExportTotals& totals() const override { return totals_; }
  [[nodiscard]] Result<std::optional<ExportPart>> Next() override;

 private:
  ExportReader(CopyFolder folder, const Secret& key, std::optional<ConversationId> conversation);

  [[nodiscard]] std::optional<ExportPart> NextPart();
  // The next conversation; nothing: that was the last.
  [[nodiscard]] std::optional<ExportPart> NextConversation();
  [[nodiscard]] std::vector<Message> NextMessages();

  const CopyFolder folder_;
  Connection connection_;
  const std::optional<ConversationId> only_;
  ExportTotals totals_;
  ConversationId conversation_;  // The one that came last.
  // In the middle of the rows; nothing else writes or reads this copy.
  std::optional<Query> conversations_;
  std::optional<Query> messages_;
  bool has_message_ = false;  // `messages_` is at a row that was not taken.
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_EXPORT_READER_H_
