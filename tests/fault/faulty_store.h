// The real store on a disk that fails, and its calls, waited for.

#ifndef HARK_TESTS_FAULT_FAULTY_STORE_H_
#define HARK_TESTS_FAULT_FAULTY_STORE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/store/sqlcipher_store.h"
#include "tests/support/fake_time.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/scratch_folder.h"

namespace hark::fault {

// The answer of one call of the Writer.
template <typename T>
class Answer {
 public:
  // To be given to the call; once.
  [[nodiscard]] std::function<void(Result<T>)> Done() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  [[nodiscard]] Result<T> Wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

// One account's folder, opened and closed again and again. Used by one thread.
class FaultyStore {
 public:
  FaultyStore() = default;
  FaultyStore(const FaultyStore&) = delete;
  FaultyStore& operator=(const FaultyStore&) = delete;

  [[nodiscard]] FaultVfs& disk() { return disk_; }
  // Beside the store's own folder, for copies of it.
  [[nodiscard]] std::filesystem::path scratch() const { return scratch_.path(); }
  [[nodiscard]] std::filesystem::path folder() const { return folder_; }
  [[nodiscard]] std::uintmax_t SizeOf(const std::string& name) const;

  // By hand: from the next Open(), nothing is written by itself; a call here makes the writer do
  // what waits, so that a test knows what has been looked at and what has not.
  void SetWritesByHand(bool by_hand) { by_hand_ = by_hand; }
  // As StoreOptions::at_step, from the next Open().
  void SetAtStep(std::function<void()> at_step) { at_step_ = std::move(at_step); }
  void Advance(Clock::Duration by) { clock_.Advance(by); }
  Result<void> Open();
  // Opens it and puts something in: the messages m1 to m3 of conversation "A", and a send of it,
  // "first", that waits.
  Result<void> OpenFilled();
  void Close() { store_.reset(); }
  // As a signal ends the process: what was written is there, synced or not, and it is the same
  // boot.
  void Kill();
  // Closes it too.
  void LosePower(std::mt19937_64& random, Loss loss = Loss::kAnyOrder);
  [[nodiscard]] store::SqlcipherStore& store() { return *store_; }
  [[nodiscard]] bool is_open() const { return store_ != nullptr; }

  Result<LocalRevision> Apply(store::Batch batch);
  Result<Message> Send(Message message);
  Result<Conversation> MarkRead(const std::string& conversation);
  // What was found damaged so far.
  [[nodiscard]] std::vector<store::File> damaged() const;
  // Positions of the outbox that were announced as gone.
  [[nodiscard]] std::set<std::uint64_t> left_outbox() const;
  // Commits whose watchers read again.
  [[nodiscard]] int told_to_read_again() const;
  // Of all commits that were announced.
  [[nodiscard]] LocalRevision last_announced() const;

 private:
  test::ScratchFolder scratch_;
  FaultVfs disk_;
  std::filesystem::path folder_ = scratch_.path() / "account";
  test::CountingClock clock_;
  mutable std::mutex mutex_;
  std::vector<store::File> damaged_;
  LocalRevision last_announced_ = 0;
  int told_to_read_again_ = 0;
  std::set<std::uint64_t> left_outbox_;
  std::unique_ptr<store::SqlcipherStore> store_;
  bool by_hand_ = false;
  std::function<void()> at_step_ = [] {};
  int boots_ = 0;  // A power loss ends one.

  template <typename T>
  Result<T> Wait(Answer<T>& answer);
};

// Holds the writer's thread, so that what is submitted meanwhile becomes one group.
class HeldWriter {
 public:
  explicit HeldWriter(store::SqlcipherStore& store);
  HeldWriter(const HeldWriter&) = delete;
  HeldWriter& operator=(const HeldWriter&) = delete;
  ~HeldWriter() { Release(); }
  void Release();

 private:
  std::promise<void> released_;
  bool is_released_ = false;
};

[[nodiscard]] Message TestMessage(const std::string& conversation, const std::string& id,
                                  Sequence sequence, std::string content);
[[nodiscard]] store::ApplySummary TestSummary(const std::string& conversation, Sequence last);

}  // namespace hark::fault

#endif  // HARK_TESTS_FAULT_FAULTY_STORE_H_
