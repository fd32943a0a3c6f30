// hark::Client: the way of a UI process to the user's conversations. It talks to the user's own
// daemon, harkd, over a Unix socket; everything is read from the daemon's local cache, at once,
// with or without a network.
//
//   hark::client::Result<hark::Client> client = hark::Client::Connect();
//   if (!client) return Fail(client.error().message);
//   auto page = client->ListConversations();
//   auto sent = client->SendMessage({.conversation_id = "c1", .content = "Hello"});
//
// Threads: every method may be called from any thread at any time, several at once. Calls block
// until the daemon has answered, at most as long as ConnectOptions says; do not make them on a UI's
// drawing thread. Ownership: results are values; nothing points into the Client. The connection
// heals by itself after a restart of the daemon.
//
// Errors that every call may give: kNoDaemon, kUntrustedDaemon, kTimeout, kUnavailable (the
// daemon's store is not ready), kNotSignedIn (no account yet), kInvalidArgument (a text that is not
// UTF-8), kUnsupported, kInternal.

#ifndef HARK_CLIENT_CLIENT_H_
#define HARK_CLIENT_CLIENT_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hark/data.h"
#include "hark/keys.h"
#include "hark/outbox.h"
#include "hark/result.h"
#include "hark/types.h"
#include "hark/user_state.h"
#include "hark/watch.h"

namespace hark::client {

struct ConnectOptions {
  // At most 107 bytes. Empty: DefaultSocketPath().
  std::string socket_path;
  // How long Connect() waits for a daemon that is not there yet. 0: not at all; but one that it
  // starts itself gets kDaemonStart, and one that is there and busy call_timeout.
  std::chrono::milliseconds wait{0};
  // How long a call may take, its repetitions included. SignIn waits for the network and has its
  // own.
  std::chrono::milliseconds call_timeout{10'000};
  std::chrono::milliseconds sign_in_timeout{40'000};
  // Absolute path of harkd: Connect() starts it when nobody listens on the socket, as a process of
  // its own that outlives this one, with its log going nowhere. Many may do so at once: one daemon
  // stays, and all connect to it. Empty: nothing is started. (Where systemd or launchd is, a
  // service is better: service-files/.)
  std::string daemon_program = {};
  // What comes after its name. `--socket` is added.
  std::vector<std::string> daemon_arguments = {};
};

// How long a daemon that Connect() started may take until it listens.
inline constexpr std::chrono::milliseconds kDaemonStart{10'000};

// Where harkd listens unless told otherwise: $HARK_SOCKET, else $XDG_RUNTIME_DIR/hark/harkd.sock,
// else
// ${TMPDIR:-/tmp}/hark-<uid>/harkd.sock. Reads the environment: call it before other threads change
// that.
[[nodiscard]] std::string DefaultSocketPath();

// A new UUID, version 7, as SendRequest::id wants it: unique, and sorting by time. Thread-safe.
[[nodiscard]] std::string NewMessageId();

struct ListConversationsRequest {
  // 1 to kMaxPageSize; 0 means kDefaultPageSize.
  std::uint32_t page_size = 0;
  // ConversationPage::next_page_token of the page before; empty for the first.
  std::string page_token;
};

// Whether reading a page lets the daemon fetch what the page lacks. It never makes the call wait.
enum class FetchPolicy { kCacheThenSync, kCacheOnly };

struct ListMessagesRequest {
  std::string conversation_id;
  // The page ends just before this message. All three ids empty: the newest page.
  std::string before_message_id;
  // 1 to kMaxPageSize; 0 means kDefaultPageSize.
  std::uint32_t page_size = 0;
  FetchPolicy policy = FetchPolicy::kCacheThenSync;
  // The page begins just after this message.
  std::string after_message_id = {};
  // This message is in the page: in its middle, while there are enough on both sides.
  std::string around_message_id = {};
};

struct SendRequest {
  std::string conversation_id;
  // UTF-8, 1 to kMaxContentBytes bytes.
  std::string content;
  // Empty means "text/plain".
  std::string content_type;
  std::map<std::string, std::string> metadata;
  // A UUID. Empty: the SDK makes one. Give your own (NewMessageId()) to be able to repeat the call
  // when it is not known whether it had its effect: after an error, or after the UI itself was
  // restarted. With the same id, nothing is sent twice.
  std::string id;
};

enum class SearchOrder { kBest, kNewest };

struct SearchRequest {
  // What a person typed: words, which all have to be there, "several words" in this order, wor* for
  // what begins so, -word for what must not be there. At most kMaxSearchBytes.
  std::string query;
  // Empty: every conversation.
  std::string conversation_id;
  SearchOrder order = SearchOrder::kBest;
  // 1 to kMaxSearchPageSize; 0 means kDefaultSearchPageSize.
  std::uint32_t page_size = 0;
  // SearchPage::next_page_token of the page before, with everything else unchanged.
  std::string page_token;
};

// One message. Both ids are needed.
struct MessageRef {
  std::string conversation_id;
  std::string message_id;
};

struct EditRequest {
  MessageRef message;
  // UTF-8, 1 to kMaxContentBytes bytes. Type and metadata stay.
  std::string content;
};

class ConversationListView;  // conversation_list_view.h
class ConversationView;      // conversation_view.h

// Move-only. See the top of this file for threads and errors.
class Client {
 public:
  // Finds the daemon and makes sure that it is this user's own: the socket and its folder belong to
  // this uid, nobody else can write to the folder, and the process behind it has this uid.
  // kNoDaemon says which of these it is: there is no socket, nobody listens on it, it is no socket.
  // kInvalidArgument: the path is too long. With daemon_program, kNoDaemon also says why it could
  // not be started, or that it was and does not listen.
  static Result<Client> Connect(ConnectOptions options = {});

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  [[nodiscard]] const std::string& socket_path() const;

  // About the daemon; these work without an account.
  Result<VersionInfo> GetVersion();
  Result<Statistics> GetStatistics();

  // What retention would remove now; with numbers, what they would do instead of the configured
  // ones. Reads only.
  Result<RetentionPreview> PreviewRetention(std::optional<std::uint32_t> days = std::nullopt,
                                            std::optional<std::uint64_t> max_bytes = std::nullopt);
  // Removes it now. Waits for the end, ten minutes at most; the work goes on after that.
  Result<RetentionOutcome> RunRetention();
  // Puts the account's files back to how they were before a newer version changed them, for a
  // return to an older one; closes the account. Never repeated by the SDK. kNotFound: there is no
  // backup. kPrecondition: nothing to go back to, or, without `force`, unsent entries would be
  // lost.
  Result<RollBackOutcome> RollBack(bool force);
  // Removes the local copy of the conversations, for good; what waits to be sent and drafts stay.
  // Watches and views go on, with what is there then, and the sync fetches again. Works without a
  // network. With `everything` the watches resume by themselves. Errors as SignOutAndForget().
  Result<ClearCacheOutcome> ClearCache(const ClearCacheRequest& request = {});
  // Everything, or one conversation, as it is at one moment; as slowly as the handlers like. Waits
  // for the end. kNotFound; kResourceExhausted: the disk is full, or too many are under way.
  Result<void> Export(const std::string& conversation_id, const ExportHandlers& handlers);
  // An encrypted copy of the account, made while everything goes on. Waits for the end; only then
  // is it complete. `passphrase`: 8 to 1,024 bytes, or empty: then only this machine's keys open
  // it.
  Result<void> Backup(const std::string& passphrase, const BackupSink& sink);
  // Puts the account back to a backup. Waits for the end; nothing changes before all of it was
  // verified. kInvalidArgument: damaged, of another account, or no key fits; kPrecondition: unsent
  // entries or drafts would be lost, or it is of a newer version; kResourceExhausted.
  Result<RestoreOutcome> Restore(const RestoreRequest& request, const RestoreReader& read);
  // How the keys of everything that is stored here stand. Looks afresh, which may wait for the key
  // store.
  Result<KeyStatus> GetKeyStatus();
  // A new master key; with `full`, new keys for the files too, which are written anew. Waits for
  // the end, ten minutes at most. Never repeated by the SDK. kPrecondition: the key store cannot.
  Result<RotateKeyOutcome> RotateKey(const RotateKeyRequest& request = {});
  // A code for when the key store is lost. It is kept nowhere: show it once.
  Result<std::string> CreateRecoveryCode();
  // With that code, as a person typed it. kInvalidArgument: mistyped, or not the one.
  Result<KeyStatus> Recover(const std::string& code);
  // Keeps a conversation's messages for its own number of days; 0: for ever; absent: as configured.
  // kNotFound, kInvalidArgument (over 36,500).
  Result<void> SetRetention(const std::string& conversation_id, std::optional<std::uint32_t> days);

  // Newest activity first.
  Result<ConversationPage> ListConversations(const ListConversationsRequest& request = {});
  // kNotFound.
  Result<Conversation> GetConversation(const std::string& conversation_id);
  // Says that a UI shows this conversation: its messages are fetched and followed as they happen.
  // Holds for some hours unless closed. kNotFound.
  Result<void> OpenConversation(const std::string& conversation_id);
  // Closing what is not open is no error.
  Result<void> CloseConversation(const std::string& conversation_id);
  // Marks everything up to a message as read; an empty id: everything that is in the cache. Durable
  // before it returns. Gives the conversation as it is then. kNotFound.
  Result<Conversation> MarkRead(const std::string& conversation_id,
                                const std::string& message_id = {});

  // A page from the cache. kNotFound: unknown conversation, or the given message is not in it.
  // kInvalidArgument: more than one message given. kUnsupported: a daemon before API 1.2 knows
  // before_message_id only.
  Result<MessagePage> ListMessages(const ListMessagesRequest& request);
  // Returns when the message is durable on this machine; it then reaches the backend exactly once,
  // now or when there is a connection. When the connection to the daemon drops meanwhile, the SDK
  // repeats the call under the same id, which cannot send it twice. kNotFound, kInvalidArgument,
  // kConflict (this id with other content), kResourceExhausted.
  Result<Message> SendMessage(SendRequest request);
  // What is done with a message that is there already. All are durable before they return, work
  // without a network, are safe to repeat, and give the message as it is shown then. What each does
  // in which state: docs/sending.md. kNotFound: no such message in that conversation.
  //
  // Replaces the content. Unsent, it is rewritten; at the backend, it is shown changed at once,
  // with Message::pending_change until the backend agrees. kPrecondition: it is deleted.
  // kInvalidArgument, kResourceExhausted.
  Result<Message> EditMessage(EditRequest request);
  // Deletes it for everybody; one that is not at the backend is cancelled instead.
  // kResourceExhausted.
  Result<Message> DeleteMessage(const MessageRef& message);
  // Tries a failed or expired message, or change of one, again. Otherwise nothing happens.
  Result<Message> RetryMessage(const MessageRef& message);
  // Retries all of a conversation, or of every conversation when the id is empty. Gives how many.
  Result<std::uint32_t> RetryMessages(const std::string& conversation_id = {});
  // Lets the later messages of the conversation pass a failed one. Otherwise nothing happens.
  Result<Message> SkipMessage(const MessageRef& message);
  // Withdraws a message that is not at the backend: the answer is kCancelled, with the content that
  // it had unless the call is a repetition. Of a message at the backend, withdraws the change that
  // waits. kPrecondition: nothing waits, or the change is under way.
  Result<Message> CancelMessage(const MessageRef& message);

  // What waits to be delivered or was refused, of one conversation or of all, also changes of
  // messages that are not here. kNotFound: unknown conversation; kUnsupported: an older daemon.
  Result<OutboxPage> ListOutbox(const ListOutboxRequest& request = {});

  // Looks for messages in what is on this machine. docs/search.md. kNotFound: unknown conversation;
  // kInvalidArgument: the query cannot be understood, and the message says why and where;
  // kResourceExhausted: too many searches wait; kTimeout.
  Result<SearchPage> SearchMessages(const SearchRequest& request);

  // Asks the backend, so it waits for the network. Never repeated by the SDK. kUnauthenticated: the
  // token was refused; kUnavailable: the backend could not be reached, nothing has changed;
  // kInvalidArgument: empty or malformed.
  Result<AccountInfo> SignIn(const std::string& token);
  // Forgets the token; what is cached stays readable. Signing out twice is no error.
  Result<AccountInfo> SignOut();
  // Signs out and removes everything that this machine has of the account, for good; its streams
  // end with kAccountChanged. Never repeated by the SDK; after kNoDaemon or kTimeout it may have
  // been done, or is finished at the daemon's next start: GetAccount() tells. kPrecondition: unsent
  // entries or drafts would be lost, the message says how many; ask the person, then set
  // `discard_unsent`. kUnsupported: an older daemon; nothing was done. kResourceExhausted.
  Result<ForgetOutcome> SignOutAndForget(bool discard_unsent = false);
  Result<AccountInfo> GetAccount();

  Result<SyncStatus> GetSyncStatus();
  // Tries at once instead of waiting for the backoff. Returns when it is asked for, not when it is
  // done: the status tells. kNotSignedIn.
  Result<void> SyncNow();

  // See watch.h. These return at once, whether a daemon is there or not; the callbacks tell.
  // kInvalidArgument: a snapshot over kMaxPageSize; kResourceExhausted: no thread could be started.
  Result<Subscription> WatchStatus(StatusHandlers handlers);
  Result<Subscription> WatchConversations(ConversationsHandlers handlers,
                                          WatchOptions options = {});
  Result<Subscription> WatchMessages(const std::string& conversation_id, MessagesHandlers handlers,
                                     WatchOptions options = {});
  // All conversations and messages of the account. The snapshot is of the list. kUnsupported, at
  // the end of the watch: a daemon before API 1.3.
  Result<Subscription> WatchChanges(ChangesHandlers handlers, WatchOptions options = {});

  // What is written and not sent, shared by all windows; user_state.h says how two of them get on.
  // The draft of a conversation that has none: an empty text, and version 0 if there never was one.
  Result<Draft> GetDraft(const std::string& conversation_id);
  // Replaces a draft unless it is newer than the request's base; clears it when the text is empty.
  // Safe to repeat. Sending does not clear the draft: clear it after SendMessage(). kNotFound,
  // kInvalidArgument, kResourceExhausted (1,000 drafts, or 2 MiB of them; with `flush`: the disk).
  Result<SetDraftResult> SetDraft(const SetDraftRequest& request);
  // Those that have a text, the last changed first.
  Result<std::vector<Draft>> ListDrafts();
  // As the watches above.
  Result<Subscription> WatchDrafts(DraftsHandlers handlers, DraftsWatchOptions options = {});

  // How far a window was scrolled. Within 500 ms it is on disk. kNotFound: unknown conversation, or
  // no such message in it. kInvalidArgument: neither a message nor at the bottom.
  Result<void> SetViewState(const SetViewStateRequest& request);
  // Nothing: that UI has not said where it stands in that conversation.
  Result<std::optional<ViewState>> GetViewState(const std::string& conversation_id,
                                                const std::string& ui);

 private:
  friend class ConversationListView;
  friend class ConversationView;

  class Impl;
  explicit Client(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace hark::client

namespace hark {
using client::Client;
}  // namespace hark

#endif  // HARK_CLIENT_CLIENT_H_
