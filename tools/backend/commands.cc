#include "tools/backend/commands.h"

#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

#include <unistd.h>

#include "tools/backend/archive.h"
#include "tools/backend/clock.h"
#include "tools/backend/data_folder.h"
#include "tools/backend/importer.h"
#include "tools/backend/server.h"
#include "tools/backend/users.h"
#include "tools/backend/validation.h"

namespace hark::backend {
namespace {

int Complain(const Error& error, int exit_code) {
  std::cerr << "hark-backend: " << error.message << '\n';
  return exit_code;
}

// For the errors of everything but an import file.
int Complain(const Error& error) {
  switch (error.code) {
    case ErrorCode::kDataFolder: return Complain(error, kExitDataFolder);
    case ErrorCode::kInUse: return Complain(error, kExitInUse);
    case ErrorCode::kNotFound: return Complain(error, kExitUnknownUser);
    case ErrorCode::kAlreadyExists: return Complain(error, kExitAlreadyExists);
    case ErrorCode::kInvalid:
    case ErrorCode::kTooLarge: return Complain(error, kExitUsage);
    case ErrorCode::kConflict:
    case ErrorCode::kPermission:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kRateLimited:
    case ErrorCode::kUnavailable:
    case ErrorCode::kMalformed:
    case ErrorCode::kInternal: break;
  }
  return Complain(error, kExitInternal);
}

Result<std::unique_ptr<Users>> OpenUsers(const std::string& data, const Clock& clock) {
  auto folder = DataFolder::Open(data);
  if (!folder) return tl::unexpected<Error>(folder.error());
  return Users::Open(folder->users(), clock);
}

// The archive of a folder that no server is using, and the user it is opened for.
struct OfflineArchive {
  FolderLock lock;
  UserId user;
  std::unique_ptr<Archive> archive;
};

Result<OfflineArchive> OpenOffline(const std::string& data, const std::string& user_name,
                                   const Clock& clock) {
  auto folder = DataFolder::Open(data);
  if (!folder) return tl::unexpected<Error>(folder.error());
  auto users = Users::Open(folder->users(), clock);
  if (!users) return tl::unexpected<Error>(users.error());
  auto user = (*users)->Find(user_name);
  if (!user) return tl::unexpected<Error>(user.error());
  auto lock = FolderLock::Take(*folder);
  if (!lock) return tl::unexpected<Error>(lock.error());
  // The change log's limit is the server's to keep; these commands add to the log and cut nothing
  // off.
  constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;
  auto archive = Archive::Open(folder->archive(), clock, kNoLimit);
  if (!archive) return tl::unexpected<Error>(archive.error());
  return OfflineArchive{std::move(*lock), user->id, std::move(*archive)};
}

// A bar that is drawn over itself on a terminal; elsewhere a line for each tenth.
class ProgressBar {
 public:
  void Show(const char* phase, double done) {
    const int percent = static_cast<int>(done * 100);
    const int step = terminal_ ? 1 : 10;
    if (phase == phase_ && percent / step == shown_ / step) return;
    phase_ = phase;
    shown_ = percent;
    if (terminal_) {
      constexpr int kWidth = 40;
      const std::string full(static_cast<std::size_t>(kWidth * percent / 100), '#');
      std::fprintf(stderr, "\r%-8s [%-*s] %3d %%", phase, kWidth, full.c_str(), percent);
      if (percent == 100) std::fputc('\n', stderr);
    } else {
      std::fprintf(stderr, "%s %d %%\n", phase, percent);
    }
  }

  // An error's sentence begins on a line of its own.
  void Interrupt() const {
    if (terminal_ && phase_ != nullptr && shown_ != 100) std::fputc('\n', stderr);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
  const char* phase_ = nullptr;
  int shown_ = -1;
};

int Run(const ServeOptions& options) {
  const auto served = Serve(options);
  if (!served) return Complain(served.error().error, served.error().exit_code);
  return kExitOk;
}

int Run(const UserAddOptions& options) {
  const SystemClock clock;
  const auto users = OpenUsers(options.data, clock);
  if (!users) return Complain(users.error());
  const auto user = (*users)->Add(options.name);
  if (!user) return Complain(user.error());
  std::cerr << "added " << user->name << '\n';
  return kExitOk;
}

int Run(const UserListOptions& options) {
  const SystemClock clock;
  const auto users = OpenUsers(options.data, clock);
  if (!users) return Complain(users.error());
  const auto list = (*users)->List();
  if (!list) return Complain(list.error());
  for (const User& user : *list) std::cout << user.name << '\t' << user.id << '\n';
  return kExitOk;
}

int Run(const TokenCreateOptions& options) {
  const SystemClock clock;
  const auto users = OpenUsers(options.data, clock);
  if (!users) return Complain(users.error());
  std::optional<std::chrono::seconds> lifetime;
  if (options.expires_in_seconds) lifetime = std::chrono::seconds(*options.expires_in_seconds);
  const auto issued = (*users)->CreateToken(options.user, lifetime);
  if (!issued) return Complain(issued.error());
  std::cout << issued->token << '\n';
  return kExitOk;
}

int Run(const TokenRevokeOptions& options) {
  if (options.user.empty() && !options.from_stdin) {
    return Complain({ErrorCode::kInvalid, "name a user, or give --token-stdin"});
  }
  const SystemClock clock;
  const auto users = OpenUsers(options.data, clock);
  if (!users) return Complain(users.error());
  if (options.from_stdin) {
    std::string token;
    std::getline(std::cin, token);
    const auto revoked = (*users)->Revoke(token);
    if (!revoked) return Complain(revoked.error());
    std::cerr << "revoked 1 token\n";
    return kExitOk;
  }
  const auto count = (*users)->RevokeAll(options.user);
  if (!count) return Complain(count.error());
  std::cerr << "revoked " << *count << " tokens\n";
  return kExitOk;
}

int Run(const ImportCommandOptions& options) {
  const SystemClock clock;
  const auto offline = OpenOffline(options.data, options.user, clock);
  if (!offline) return Complain(offline.error());
  ProgressBar bar;
  const auto summary =
      ImportFile(*offline->archive, clock, {options.file, offline->user, options.days},
                 [&bar](const char* phase, double done) { bar.Show(phase, done); });
  if (!summary) {
    bar.Interrupt();
    const bool ours = summary.error().code == ErrorCode::kInternal ||
                      summary.error().code == ErrorCode::kUnavailable;
    return Complain(summary.error(), ours ? kExitInternal : kExitImport);
  }
  std::cout << "imported " << summary->conversations << " conversations, " << summary->messages
            << " messages";
  if (summary->skipped > 0) std::cout << "; " << summary->skipped << " were there already";
  std::cout << '\n';
  return kExitOk;
}

int Run(const ConversationCreateOptions& options) {
  if (auto good = CheckId(options.id, "the conversation id"); !good) return Complain(good.error());
  if (auto good = CheckTitle(options.title); !good) return Complain(good.error());
  const SystemClock clock;
  const auto offline = OpenOffline(options.data, options.user, clock);
  if (!offline) return Complain(offline.error());
  const auto created =
      offline->archive->CreateConversation(offline->user, options.id, options.title);
  if (!created) return Complain(created.error());
  return kExitOk;
}

}  // namespace

int RunCommand(const Command& command) {
  return std::visit([](const auto& options) { return Run(options); }, command);
}

}  // namespace hark::backend
