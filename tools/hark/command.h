// What a command works with, and the list of commands.

#ifndef HARK_TOOLS_HARK_COMMAND_H_
#define HARK_TOOLS_HARK_COMMAND_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "hark/client.h"
#include "tools/hark/output.h"

namespace hark::cli {

// All that can be said on the command line; each command looks at its own part.
struct Arguments {
  std::string conversation;
  std::string message;
  std::string text;
  std::string content_type;
  std::string id;
  std::string before;
  std::string after;
  std::string around;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> count;
  std::optional<double> timeout_seconds;
  std::optional<std::uint32_t> days;
  std::optional<std::uint64_t> max_mb;
  bool all = false;
  bool cache_only = false;
  bool ids = false;
  bool watch = false;
  bool until_live = false;
  bool wait = false;
  bool token_stdin = false;
  bool force = false;
  bool preview = false;
  bool failed = false;
  bool newest = false;
  bool clear = false;
  bool from_stdin = false;
  bool full = false;
  bool openmetrics = false;
  std::optional<std::uint64_t> base;
  std::string file;
  bool forget = false;
  bool everything = false;
  bool yes = false;
  bool passphrase_stdin = false;

  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const {
    if (!timeout_seconds) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*timeout_seconds * 1000));
  }
};

struct Session {
  client::Client& client;
  Output& output;
  const Arguments& arguments;
};

// Each gives the exit code, after it has said on stderr what went wrong.
using Command = int (*)(Session&);

int ShowStatus(Session& session);
int ListConversations(Session& session);
int ListMessages(Session& session);
int Search(Session& session);
int ListOutbox(Session& session);
int ShowStatistics(Session& session);
int ShowVersion(Session& session);

int Send(Session& session);
int EditMessage(Session& session);
int DeleteMessage(Session& session);
int Retry(Session& session);
int SkipMessage(Session& session);
int CancelMessage(Session& session);
int OpenConversation(Session& session);
int CloseConversation(Session& session);
int MarkRead(Session& session);
int SignIn(Session& session);
int SignOut(Session& session);
int SyncNow(Session& session);
int RollBack(Session& session);
int RotateKey(Session& session);
int CreateRecoveryCode(Session& session);
int Recover(Session& session);

int ForgetAccount(Session& session);
int ClearCache(Session& session);
int Export(Session& session);
int Backup(Session& session);
int Restore(Session& session);

int PreviewRetention(Session& session);
int RunRetention(Session& session);
int SetRetention(Session& session);

int Draft(Session& session);
int ListDrafts(Session& session);
int ShowView(Session& session);

int Tail(Session& session);
int TailMessages(Session& session);
int TailEverything(Session& session);
// Shows the status until it is live or, with `until_live` false, until it is told to stop.
int FollowStatus(Session& session, bool until_live);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_COMMAND_H_
