// hark doctor: gathers, checks, tells.

#include "tools/hark/doctor.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "hark/client.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/json_line.h"
#include "tools/hark/local_commands.h"
#include "tools/hark/run_program.h"
#include "tools/hark/service_manager.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr const char* kLogLines = "200";

std::string_view NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood: return "good";
    case Verdict::kWarning: return "warning";
    case Verdict::kProblem: return "problem";
  }
  return "problem";
}

Style StyleOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood: return Style::kGreen;
    case Verdict::kWarning: return Style::kYellow;
    case Verdict::kProblem: return Style::kRed;
  }
  return Style::kRed;
}

DaemonAnswers AskDaemon(const std::string& socket) {
  DaemonAnswers answers;
  client::ConnectOptions options;
  options.socket_path = socket;
  auto client = client::Client::Connect(std::move(options));
  if (!client) {
    answers.refused = client.error();
    return answers;
  }
  const auto version = client->GetVersion();
  if (!version) {
    answers.refused = version.error();
    return answers;
  }
  answers.version = *version;
  if (const auto account = client->GetAccount()) answers.account = *account;
  if (const auto keys = client->GetKeyStatus()) answers.keys = *keys;
  if (const auto status = client->GetSyncStatus()) answers.status = *status;
  if (const auto statistics = client->GetStatistics()) answers.statistics = *statistics;
  client::ListConversationsRequest request;
  request.page_size = 1;
  if (const auto page = client->ListConversations(request); !page) answers.reading = page.error();
  return answers;
}

// As the SDK does: what is said, HARK_SOCKET, else where harkd listens.
std::string SocketOf(const LocalSession& session, const DaemonConfig& config) {
  if (!session.socket.empty()) return session.socket;
  const char* named = std::getenv("HARK_SOCKET");  // NOLINT(concurrency-mt-unsafe): no threads yet
  if (named != nullptr && *named != '\0') return named;
  return config.Value("ipc.socket");
}

Surroundings LookAround(const LocalSession& session) {
  Surroundings around;
  const std::string& named = session.arguments.harkd;
  around.harkd = named.empty() ? FindHarkd(PathOfThisProgram()) : named;
  const std::string& folder = session.arguments.data_dir;
  if (!around.harkd.empty()) {
    const std::vector<std::string> flags{"--data-dir", folder};
    around.config =
        CheckConfig(around.harkd, {}, folder.empty() ? std::vector<std::string>() : flags);
  }
  around.socket = SocketOf(session, around.config);
  around.daemon = AskDaemon(around.socket);
  if (folder.empty() && around.daemon.version) around.data_dir = around.daemon.version->data_dir;
  if (around.data_dir.empty()) around.data_dir = around.config.Value("storage.data_dir");
  around.now = std::chrono::system_clock::now();
  if (ManagerHere() == ServiceManager::kSystemd && !ManagerProblem(ServiceManager::kSystemd)) {
    around.service_unit = UnitProperties("harkd.service");
    around.socket_unit = UnitProperties("harkd.socket");
  }
  return around;
}

std::vector<Finding> CheckAll(const Surroundings& around) {
  return {CheckSetup(around),  CheckService(around), CheckSocket(around),
          CheckDaemon(around), CheckAccount(around), CheckPermissions(around),
          CheckKey(around),    CheckFiles(around),   CheckDisk(around),
          CheckLimits(),       CheckBackend(around), CheckClock(around)};
}

void Show(Output& output, const Finding& finding) {
  if (output.json()) {
    JsonLine line;
    line.Text("type", "finding")
        .Text("check", finding.check)
        .Text("verdict", NameOf(finding.verdict));
    output.Json(line.Text("what", finding.what).Text("mend", finding.mend));
    return;
  }
  const std::string verdict(NameOf(finding.verdict));
  output.Line(output.Styled(StyleOf(finding.verdict), PadRight(verdict, 7)) + "  " +
              output.Styled(Style::kBold, PadRight(finding.check, 11)) + "  " +
              Printable(finding.what));
  if (!finding.mend.empty()) output.Line(std::string(22, ' ') + "-> " + Printable(finding.mend));
}

// The last lines of what the service logged; empty where there is no journal.
std::string LogOfService() {
  if (ManagerHere() != ServiceManager::kSystemd) return {};
  return RunProgram({"journalctl", "--user", "--unit", "harkd.service", "--output", "cat",
                     "--lines", kLogLines, "--no-pager"},
                    kPatience)
      .out;
}

// A file of somebody's is never written over: it may be the last report, or anything else.
ExitCode WriteBundle(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool written =
      fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (written) return kOk;
  return Report(error == EEXIST ? kConflict : kUnexpected,
                ("cannot write " + path + ": " + std::generic_category().message(error)).c_str());
}

}  // namespace

int Diagnose(LocalSession& session) {
  const Surroundings around = LookAround(session);
  const std::vector<Finding> findings = CheckAll(around);
  for (const Finding& finding : findings) Show(session.output, finding);
  const std::string& bundle = session.arguments.bundle;
  if (!bundle.empty()) {
    const ExitCode code = WriteBundle(bundle, MakeBundle(around, findings, LogOfService()));
    if (code != kOk) return code;
    if (!session.output.json())
      session.output.Line("The report is in " + Printable(bundle) +
                          ": read it before you share it.");
  }
  const auto worst = std::ranges::max(findings, {}, &Finding::verdict).verdict;
  if (worst == Verdict::kProblem) return kDoctorProblem;
  return worst == Verdict::kWarning ? kDoctorWarning : kOk;
}

}  // namespace hark::cli
