#ifndef HARK_TOOLS_BACKEND_TIERED_STORE_H_
#define HARK_TOOLS_BACKEND_TIERED_STORE_H_

// The store: working memory in front of the archive. A write goes to the archive and, once that has
// it on disk, to the working memory; a page is read from the working memory as far as that reaches
// and from the archive below.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/backend/archive.h"
#include "tools/backend/clock.h"
#include "tools/backend/store.h"
#include "tools/backend/working_memory.h"

namespace hark::backend {

class TieredStore final : public Store {
 public:
  // Fills the working memory from the archive. `clock` outlives the store.
  static Result<std::unique_ptr<TieredStore>> Open(std::unique_ptr<Archive> archive,
                                                   std::unique_ptr<WorkingMemory> memory,
                                                   const Clock& clock);

  Result<LogState> GetLog(const UserId& user) override;
  Result<std::vector<LogEntry>> ReadLog(const UserId& user, std::uint64_t after,
                                        std::size_t limit) override;
  Result<ListPage> ListConversations(const UserId& user, const std::string& page_token,
                                     std::uint32_t page_size) override;
  Result<Conversation> GetConversation(const UserId& user,
                                       const std::string& conversation_id) override;
  Result<Message> GetMessage(const UserId& user, const std::string& conversation_id,
                             std::uint64_t sequence) override;
  Result<HistoryPage> ReadHistory(const UserId& user, const HistoryQuery& query) override;
  Result<VisiblePage> ReadVisible(const UserId& user, const VisibleQuery& query) override;
  Result<Applied> Append(const UserId& user, const Message& message) override;
  Result<Applied> Edit(const UserId& user, const EditRequest& request) override;
  Result<Applied> Delete(const UserId& user, const DeleteRequest& request) override;
  Result<bool> MarkRead(const UserId& user, const std::string& conversation_id,
                        std::uint64_t read_sequence) override;

  // Lets the working memory forget what is older than its span. Called now and then.
  void Sweep();

  [[nodiscard]] WorkingMemory& memory() { return *memory_; }

 private:
  TieredStore(std::unique_ptr<Archive> archive, std::unique_ptr<WorkingMemory> memory,
              const Clock& clock);
  Result<void> Fill();
  Result<std::vector<Message>> ReadRange(ConversationKey conversation, std::uint64_t from,
                                         std::uint64_t to);
  Result<std::vector<Message>> CollectVisible(const ConversationRow& conversation,
                                              std::uint64_t top, std::size_t wanted);

  std::unique_ptr<Archive> archive_;
  std::unique_ptr<WorkingMemory> memory_;
  const Clock& clock_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_TIERED_STORE_H_
