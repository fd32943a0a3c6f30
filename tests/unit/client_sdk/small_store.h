// A conversation as the daemon keeps it, small enough to be obviously right: what is here, what is
// missing, what is pending, and the events that a watcher is sent. For tests of views.

#ifndef HARK_TESTS_UNIT_CLIENT_SDK_SMALL_STORE_H_
#define HARK_TESTS_UNIT_CLIENT_SDK_SMALL_STORE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "hark/types.h"
#include "hark/watch.h"

namespace hark::client {

class SmallStore {
 public:
  using Event = std::variant<MessagesSnapshot, MessagesDelta>;

  explicit SmallStore(std::uint32_t snapshot_size) : snapshot_size_(snapshot_size) {}

  // ---- What happens; each is a commit ----
  void Append();  // A new message at the backend, told at once.
  void Edit(std::uint64_t sequence, bool deletes);
  void Learn(std::uint64_t count);  // There are so many more at the backend.
  void Fetch(std::uint64_t from, std::uint64_t to);
  void Close(std::uint64_t sequence);  // The backend has none with this sequence.
  void Send();
  void Acknowledge(std::uint64_t skipped);  // The oldest pending one, after so many unknown ones.
  void Cancel(std::size_t place);
  void Fail(std::size_t place);
  void Retry(std::size_t place);  // It goes to the end.

  // ---- The stream ----
  std::deque<Event> events;  // On their way.
  // Forgets what is on its way: a snapshot comes instead.
  void Resync();

  // ---- Reading ----
  // Like Client::ListMessages; absent: the anchor is not there.
  [[nodiscard]] std::optional<MessagePage> Page(const std::string& before, std::uint32_t size);
  // All that is here, oldest first.
  [[nodiscard]] std::vector<Message> All() const;
  [[nodiscard]] bool Has(std::uint64_t sequence) const { return here_.contains(sequence); }
  // What is missing just before a message; nothing for a pending one.
  [[nodiscard]] bool IsMissingBefore(const Message& message) const;
  [[nodiscard]] bool IsMissingAtEnd() const;
  [[nodiscard]] std::uint64_t known() const { return known_; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  [[nodiscard]] bool IsPending(const std::string& id) const;
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

 private:
  [[nodiscard]] Message Make(std::uint64_t sequence) const;
  void Tell(std::vector<Message> upserted, std::vector<std::string> removed = {});
  void TellGap();
  [[nodiscard]] std::optional<Gap> MissingBelow(std::uint64_t sequence) const;
  [[nodiscard]] MessagesSnapshot Snapshot();

  const std::uint32_t snapshot_size_;
  std::map<std::uint64_t, Message> here_;
  std::set<std::uint64_t> closed_;  // No such message, which is known.
  std::vector<Message> pending_;
  std::uint64_t known_ = 0;
  std::uint64_t revision_ = 0;
  int sent_ = 0;
  bool ended_at_gap_ = false;
};

}  // namespace hark::client

#endif  // HARK_TESTS_UNIT_CLIENT_SDK_SMALL_STORE_H_
