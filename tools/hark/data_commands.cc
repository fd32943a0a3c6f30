// The commands about an account's data as a whole: sign-out --forget, clear-cache, backup, restore.

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/input.h"
#include "tools/hark/output_file.h"
#include "tools/hark/progress_bar.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{256} * 1024;
constexpr std::size_t kPassphraseBytes = 1024;

std::string Counted(std::uint64_t count, const char* one, const char* many) {
  return Grouped(count) + " " + (count == 1 ? one : many);
}

std::string LostSentence(const client::LostData& lost) {
  return Counted(lost.entries, "unsent entry", "unsent entries") + " and " +
         Counted(lost.drafts, "draft", "drafts");
}

// What would be lost now; 0 where nobody can say.
client::LostData CountUnsent(client::Client& client) {
  client::LostData unsent;
  if (const auto statistics = client.GetStatistics()) unsent.entries = statistics->outbox;
  if (const auto drafts = client.ListDrafts()) unsent.drafts = drafts->size();
  return unsent;
}

// kOk: go on.
ExitCode MayRemove(Session& session, const std::string& what) {
  if (session.arguments.yes) return kOk;
  const client::LostData unsent = CountUnsent(session.client);
  std::string question = what;
  if (unsent.entries + unsent.drafts > 0)
    question += " " + LostSentence(unsent) + " will be lost for good.";
  return Confirm(question);
}

bool IsFolder(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// A name that sorts by time, where a folder was given.
std::string BackupPath(const std::string& given) {
  if (!IsFolder(given)) return given;
  std::string stamp =
      Rfc3339(floor<std::chrono::microseconds>(std::chrono::system_clock::now())).substr(0, 19);
  std::erase(stamp, '-');
  std::erase(stamp, ':');
  return given + (given.ends_with('/') ? "" : "/") + "hark-" + stamp + "Z.backup";
}

}  // namespace

int ForgetAccount(Session& session) {
  if (const ExitCode asked = MayRemove(
          session, "Everything that this machine has of the account will be removed for good.");
      asked != kOk) {
    return asked;
  }
  const auto done = session.client.SignOutAndForget(true);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "forgotten").Number("entries_lost", done->lost.entries);
    session.output.Json(line.Number("drafts_lost", done->lost.drafts));
  } else {
    session.output.Line("signed out, and everything of the account is gone from this machine");
    if (done->lost.entries + done->lost.drafts > 0)
      session.output.Line("lost: " + LostSentence(done->lost));
  }
  return kOk;
}

int ClearCache(Session& session) {
  client::ClearCacheRequest request;
  request.everything = session.arguments.everything;
  if (request.everything) {
    if (const ExitCode asked = MayRemove(
            session, "The local copy, what waits to be sent and drafts will be removed for good.");
        asked != kOk) {
      return asked;
    }
    request.discard_unsent = true;
  }
  const auto done = session.client.ClearCache(request);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "cleared").Number("bytes_removed", done->bytes_removed);
    line.Number("entries_lost", done->lost.entries).Number("drafts_lost", done->lost.drafts);
    session.output.Json(line);
  } else {
    const auto account = session.client.GetAccount();
    const bool syncs = account && account->state == client::AccountInfo::State::kSignedIn;
    session.output.Line("cleared: " + Grouped((done->bytes_removed + 1023) / 1024) +
                        " KiB removed; what is opened is fetched again" +
                        (syncs ? "" : " once somebody is signed in"));
    if (done->lost.entries + done->lost.drafts > 0)
      session.output.Line("lost: " + LostSentence(done->lost));
  }
  return kOk;
}

int Backup(Session& session) {
  OutputFile file(BackupPath(session.arguments.file));
  std::string passphrase;
  if (session.arguments.passphrase_stdin) passphrase = AskSecret("Passphrase", kPassphraseBytes);
  const bool has_passphrase = !passphrase.empty();
  if (session.arguments.passphrase_stdin && !has_passphrase)
    return Report(kInvalidInput, "the passphrase on stdin is empty");
  if (!file.Open()) return Report(file.why_not_open(), file.error().c_str());
  std::uint64_t bytes = 0;
  bool written = true;
  client::Result<void> done = [&] {
    ProgressBar bar("backing up", true);
    return session.client.Backup(
        passphrase, [&](std::string_view piece, std::uint64_t so_far, std::uint64_t total) {
          bar.Show(so_far, total);
          bytes = so_far;
          written = file.Write(piece);
          return written;
        });
  }();
  Wipe(passphrase);
  if (written && done) written = file.Close();
  if (!written) return Report(kUnexpected, Printable(file.error()).c_str());
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "backup").Text("file", file.path()).Number("bytes", bytes);
    session.output.Json(line.Flag("passphrase", has_passphrase));
  } else {
    session.output.Line("backed up to " + Printable(file.path()) + " (" +
                        Grouped((bytes + 1023) / 1024) + " KiB)");
    if (!has_passphrase) session.output.Line("it can be restored with this machine's keys only");
  }
  return kOk;
}

int Restore(Session& session) {
  const auto unreadable = [&](int error) {
    const std::string why = std::generic_category().message(error);
    return Report(kInvalidInput, ("cannot read: " + session.arguments.file + ": " + why).c_str());
  };
  const int descriptor = open(session.arguments.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return unreadable(errno);
  struct stat status{};
  if (fstat(descriptor, &status) != 0 || S_ISDIR(status.st_mode)) {
    close(descriptor);
    return unreadable(EISDIR);
  }
  client::RestoreRequest request;
  if (session.arguments.passphrase_stdin)
    request.passphrase = AskSecret("Passphrase", kPassphraseBytes);
  request.discard_unsent = session.arguments.yes;
  int read_error = 0;
  const auto total = static_cast<std::uint64_t>(status.st_size);
  const auto done = [&] {
    ProgressBar bar("restoring", true);
    std::uint64_t so_far = 0;
    return session.client.Restore(request, [&]() -> std::optional<std::string> {
      std::string piece(kPieceBytes, '\0');
      const ssize_t got = read(descriptor, piece.data(), piece.size());
      if (got < 0) {
        read_error = errno;
        return std::nullopt;
      }
      piece.resize(static_cast<std::size_t>(got));
      so_far += piece.size();
      bar.Show(so_far, total);
      return piece;
    });
  }();
  close(descriptor);
  Wipe(request.passphrase);
  if (read_error != 0) return unreadable(read_error);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "restored").Time("made_at", done->made_at);
    line.Number("conversations", done->conversations).Number("messages", done->messages);
    line.Number("outbox", done->outbox).Number("entries_lost", done->entries_lost);
    session.output.Json(line.Text("aside", done->aside));
  } else {
    session.output.Line("restored as of " + LocalMinute(done->made_at) + ": " +
                        Counted(done->messages, "message", "messages") + ", " +
                        Counted(done->outbox, "unsent entry", "unsent entries"));
    if (done->entries_lost > 0)
      session.output.Line(
          Counted(done->entries_lost, "unsent entry or draft", "unsent entries and drafts") +
          " of since then " + (done->entries_lost == 1 ? "is" : "are") + " not in it");
    session.output.Line("what was replaced is in " + Printable(done->aside));
  }
  return kOk;
}

}  // namespace hark::cli
