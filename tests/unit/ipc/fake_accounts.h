// An account without a disk and without a network: conversations in memory, commits published on
// the caller's thread. It keeps the contracts of account::Accounts, store::Reader and sync::Intents
// as far as the local API can see them.

#ifndef HARK_TESTS_UNIT_IPC_FAKE_ACCOUNTS_H_
#define HARK_TESTS_UNIT_IPC_FAKE_ACCOUNTS_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/account/accounts.h"
#include "daemon/account/user_state_keeper.h"
#include "tests/support/memory_user_state.h"
#include "tests/unit/ipc/fake_archive.h"

namespace hark::ipc {

// Thread-safe.
class FakeAccount final : public account::OpenAccount,
                          public account::Retention,
                          public store::Reader,
                          public sync::Intents {
 public:
  explicit FakeAccount(std::string store_id);

  // Set-up and later changes; each is one commit, published before it returns.
  void AddConversation(std::string_view id, std::string_view title);
  void AddMessages(std::string_view conversation, std::vector<Message> messages);
  void SetGap(std::string_view conversation, std::optional<Gap> gap);
  void SetGapAfter(std::string_view conversation, std::optional<Gap> gap);
  // Puts `message` in the place of the one with its id.
  void ReplaceMessage(const Message& message);

  // Of a message at the backend.
  [[nodiscard]] static Message SentMessage(std::string_view id, std::string content);

  // Sends are kept waiting until FinishSends().
  void HoldSends();
  void WaitForHeldSend();
  void FinishSends();

  [[nodiscard]] std::vector<Gap> fetched() const;
  [[nodiscard]] int sync_nows() const;
  // What was asked for, in order: "skip c m1".
  [[nodiscard]] std::vector<std::string> actions() const;
  [[nodiscard]] int page_reads() const;

  // What ListOutbox answers, and what it was asked for.
  void SetOutbox(Result<store::OutboxPage> answer);
  [[nodiscard]] std::vector<store::OutboxQuery> outbox_queries() const;

  // What a search answers.
  void SetSearch(Result<store::SearchPage> answer);
  // Searches wait until they are cancelled or FinishSearches(); the second waits until so many do.
  void HoldSearches();
  void WaitForHeldSearches(int count);
  void FinishSearches();
  [[nodiscard]] std::vector<store::SearchQuery> searches() const;
  [[nodiscard]] int cancelled_searches() const;

  // account::OpenAccount.
  store::Reader& reader() override { return *this; }
  sync::Intents& intents() override { return *this; }
  std::shared_ptr<bus::EventBus> bus() override { return bus_; }
  account::Retention& retention() override { return *this; }
  // The real one, over a store in memory; nothing is written by itself.
  account::UserState& user_state() override { return user_state_; }
  account::Archive& archive() override { return archive_; }
  FakeArchive& fake_archive() { return archive_; }
  test::MemoryUserState& user_state_store() { return user_state_store_; }

  // account::Retention: 90 days; everything that the request asks for is in the one eviction.
  RetentionPolicy policy() const override { return {}; }
  Result<RetentionPlan> Preview(const RetentionPolicy& policy) override;
  void Run(account::Retention::Done<account::RetentionOutcome> done) override;
  void Set(ConversationId conversation, std::optional<std::uint32_t> days,
           account::Retention::Done<LocalRevision> done) override;

  // store::Reader.
  Result<store::MessagePage> ReadPage(const store::PageQuery& query) override;
  // One commit a page.
  Result<std::optional<store::ChangesPage>> ReadChanges(const store::ChangesQuery& query) override;
  Result<Message> ReadMessage(const MessageId& id) override;
  Result<store::ConversationPage> ListConversations(const store::ConversationQuery& query) override;
  Result<Conversation> GetConversation(const ConversationId& id) override;
  Result<store::OutboxState> ReadOutbox() override;
  Result<store::OutboxPage> ListOutbox(const store::OutboxQuery& query) override;
  Result<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) override;
  Result<std::vector<ConversationId>> ActiveConversations(WallTime since,
                                                          std::uint32_t limit) override;
  Result<store::FetchPlan> PlanFetches(const std::vector<ConversationId>& active,
                                       std::uint32_t limit) override;
  Result<store::SyncState> ReadSyncState() override;
  Result<store::StoreStatistics> Statistics() override;
  Result<store::SearchPage> Search(const store::SearchQuery& query,
                                   const std::atomic<bool>& cancelled) override;
  LocalRevision CurrentRevision() const override;
  const std::string& StoreId() const override { return store_id_; }

  // sync::Intents.
  void Send(sync::Draft draft, sync::Intents::Done<Message> done) override;
  void Act(MessageAction action, sync::Intents::Done<Message> done) override;
  void RetryAll(std::optional<ConversationId> conversation,
                sync::Intents::Done<std::uint32_t> done) override;
  void MarkRead(ConversationId conversation, std::optional<MessageId> up_to,
                sync::Intents::Done<Conversation> done) override;
  void Open(ConversationId conversation, sync::Intents::Done<LocalRevision> done) override;
  void Close(ConversationId conversation, sync::Intents::Done<LocalRevision> done) override;
  void Fetch(Gap gap) override;
  void SyncNow() override;

 private:
  struct Stored {
    Conversation conversation;
    std::vector<Message> messages;  // Oldest first.
    std::optional<Gap> gap;         // Before the oldest.
    std::optional<Gap> gap_after;   // After the newest.
  };

  // With mutex_ held; the caller publishes what it returns without it.
  Commit NextCommit(const Stored& changed);
  void Publish(Commit commit);
  Result<LocalRevision> SetActive(const ConversationId& id, bool active);
  Result<Message> StoreSend(const sync::Draft& draft);
  // With mutex_ held. kNotFound.
  Result<Message*> Find(const ConversationId& conversation, const MessageId& message);
  Result<Message> Cancel(const MessageAction& action);

  // The first opening of a store.
  static constexpr LocalRevision kFirstRevision = 0x100000000;

  const std::string store_id_;
  const std::shared_ptr<bus::EventBus> bus_;
  mutable std::mutex mutex_;
  std::mutex publishing_;  // Keeps commits in order.
  std::map<ConversationId, Stored> conversations_;
  LocalRevision revision_ = kFirstRevision;
  std::vector<Commit> log_;
  bool hold_sends_ = false;
  std::vector<std::function<void()>> held_;
  std::condition_variable held_changed_;
  std::vector<Gap> fetched_;
  int sync_nows_ = 0;
  std::vector<std::string> actions_;
  int page_reads_ = 0;
  Result<store::OutboxPage> outbox_answer_;
  std::vector<store::OutboxQuery> outbox_queries_;
  Result<store::SearchPage> search_answer_;
  std::vector<store::SearchQuery> searches_;
  bool hold_searches_ = false;
  int held_searches_ = 0;
  int cancelled_searches_ = 0;
  SystemClock clock_;
  FakeArchive archive_;
  test::MemoryUserState user_state_store_;
  account::UserStateKeeper user_state_{*this, user_state_store_, clock_, [](Clock::Instant) {}};
};

// Keys that stand as they are told. Thread-safe.
class FakeKeys final : public account::KeyCare {
 public:
  void Set(keys::KeyStatus status);
  [[nodiscard]] int looks() const;

  // account::KeyCare. Rotations are answered with the next generation; the only good recovery code
  // is "GOOD".
  keys::KeyStatus Status() const override;
  void Look(Done<keys::KeyStatus> done) override;
  void Rotate(account::RotateRequest request, Done<account::RotateOutcome> done) override;
  void MakeRecoveryCode(Done<Secret> done) override;
  void Recover(Secret code, Done<keys::KeyStatus> done) override;

 private:
  mutable std::mutex mutex_;
  keys::KeyStatus status_{keys::KeyState::kReady, "file", 1, false, ""};
  int looks_ = 0;
};

// Thread-safe.
class FakeAccounts final : public account::Accounts {
 public:
  // Starts signed in as "ada" with an empty account.
  FakeAccounts();

  [[nodiscard]] std::shared_ptr<FakeAccount> ada();

  // Nobody ever signed in.
  void Forget();
  // Another user signs in: the streams of the one before end.
  std::shared_ptr<FakeAccount> SwitchTo(std::string_view user);
  // SignIn never answers.
  void HoldSignIns();
  void WaitForHeldSignIn();
  // A restore of the bytes "held" is never answered.
  void WaitForHeldRestore();

  // account::Accounts. The only good token is "good-token"; "offline" is one that cannot be asked
  // about.
  std::shared_ptr<account::OpenAccount> Current() override;
  Error Problem() override;
  account::AccountInfo Info() override;
  void SignIn(Secret token, Done done) override;
  void SignOut(Done done) override;
  void RollBack(bool force, RollBackDone done) override;
  // Two entries and a draft are unsent.
  void SignOutAndForget(bool discard_unsent, RemovedDone done) override;
  void ClearCache(account::ClearOptions options, RemovedDone done) override;
  Result<std::unique_ptr<account::RestoreUpload>> BeginRestore() override;
  void Restore(std::unique_ptr<account::RestoreUpload> upload, account::RestoreOptions options,
               RestoreDone done) override;
  // What the last one was given: passphrase|bytes.
  [[nodiscard]] std::string restored();
  sync::StatusBoard& status() override { return status_; }
  account::KeyCare& keys() override { return keys_; }
  FakeKeys& fake_keys() { return keys_; }

 private:
  FakeKeys keys_;
  std::mutex mutex_;
  std::string restored_;
  std::shared_ptr<FakeAccount> current_;
  account::AccountInfo info_;
  bool hold_sign_ins_ = false;
  std::vector<Done> held_;
  std::condition_variable held_changed_;
  RestoreDone held_restore_;
  sync::StatusBoard status_;
};

}  // namespace hark::ipc

#endif  // HARK_TESTS_UNIT_IPC_FAKE_ACCOUNTS_H_
