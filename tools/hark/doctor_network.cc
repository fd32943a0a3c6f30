// The checks that connect: to the daemon's socket and to the backend's address.

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/hark/doctor.h"

namespace hark::cli {
namespace {

constexpr int kPatienceMs = 5'000;

std::string Reason(int error) {
  return std::generic_category().message(error);
}

// 0: somebody accepts; else the errno.
int Connect(int domain, const sockaddr* address, socklen_t length) {
  const int fd = ::socket(domain, SOCK_STREAM, 0);
  if (fd < 0) return errno;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  int error = ::connect(fd, address, length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    const int ready = ::poll(&wait, 1, kPatienceMs);
    socklen_t size = sizeof error;
    error = ETIMEDOUT;
    if (ready > 0) (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  ::close(fd);
  return error;
}

constexpr const char* kMend = "look at the network, and at [backend] url in the configuration";
constexpr const char* kMendBelief =
    "find out why first: a portal of the network, or somebody in between; then this machine's "
    "clock, "
    "and ca_file and pins under [backend]";
constexpr const char* kMendProxy =
    "look at https_proxy and no_proxy in the environment that harkd is started in";

// Connects and hangs up. Empty: it worked.
std::string WhyNotReached(const BackendAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found);
  if (error != 0) return std::string(": the name is not known: ") + ::gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
  int last = 0;
  for (const addrinfo* next = addresses.get(); next != nullptr; next = next->ai_next) {
    last = Connect(next->ai_family, next->ai_addr, next->ai_addrlen);
    if (last == 0) return {};
  }
  return " cannot be reached: " + Reason(last);
}

// Why harkd could not make it: the nearest folder that is there. Empty: nothing in the way.
std::string WhyNoSocketCanBe(const std::filesystem::path& socket) {
  std::filesystem::path folder = socket.parent_path();
  std::error_code error;
  while (folder.has_relative_path() && !std::filesystem::exists(folder, error))
    folder = folder.parent_path();
  if (!std::filesystem::is_directory(folder, error)) return folder.string() + " is no folder";
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return folder.string() + " cannot be written: " + Reason(errno);
}

}  // namespace

Finding CheckSocket(const Surroundings& around) {
  const std::string& path = around.socket;
  if (path.empty()) return {"socket", Verdict::kWarning, "unknown while the set-up is wrong", ""};
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) {
    if (const std::string why = WhyNoSocketCanBe(path); !why.empty()) {
      return {"socket", Verdict::kProblem, "there is no socket at " + path + ": " + why,
              "make that folder yours to write, or name another socket under [ipc] socket"};
    }
    return {"socket", Verdict::kProblem, "there is no socket at " + path,
            "hark service install, or start harkd"};
  }
  if (!S_ISSOCK(info.st_mode)) {
    return {"socket", Verdict::kProblem, path + " is something else than a socket",
            "move it away and start harkd"};
  }
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    return {"socket", Verdict::kProblem, path + " is too long for a socket's path",
            "name a shorter one under [ipc] socket"};
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int error = Connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // Not accepted yet: somebody is there, and busy.
  if (error == 0 || error == EAGAIN)
    return {"socket", Verdict::kGood, "somebody listens at " + path, ""};
  if (error == ECONNREFUSED) {
    return {"socket", Verdict::kProblem,
            "nobody listens at " + path + ": harkd was killed or ended",
            "start harkd; it takes the place of the old socket"};
  }
  return {"socket", Verdict::kProblem, path + " cannot be used: " + Reason(error),
          "see permissions"};
}

std::optional<BackendAddress> ParseBackendUrl(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  const bool tls = url.starts_with("wss");
  std::string host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.rfind('@') == std::string::npos ? 0 : host.rfind('@') + 1);
  std::string port = tls ? "443" : "80";
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || port.empty()) return std::nullopt;
  return BackendAddress{host, port};
}

Finding CheckBackend(const Surroundings& around) {
  using State = client::SyncStatus::State;
  const auto& status = around.daemon.status;
  if (status && (status->state == State::kLive || status->state == State::kCatchingUp))
    return {"backend", Verdict::kGood, "the daemon is connected to it", ""};
  if (around.config.values.empty())
    return {"backend", Verdict::kWarning, "unknown while the set-up is wrong", ""};
  const DaemonConfig& config = around.config;
  const auto backend = ParseBackendUrl(config.Value("backend.url"));
  if (!backend) return {"backend", Verdict::kProblem, "its address cannot be understood", kMend};
  if (const std::string problem = config.Value("proxy_problem"); !problem.empty())
    return {"backend", Verdict::kProblem, problem, kMendProxy};
  // Of a backend behind a proxy only the proxy can be tried without asking it for something.
  const std::string proxy = config.Value("proxy");
  const auto address = proxy.empty() ? backend : ParseBackendUrl("http://" + proxy);
  if (!address) return {"backend", Verdict::kProblem, "its proxy cannot be understood", kMendProxy};
  const char* const mend = proxy.empty() ? kMend : kMendProxy;
  const std::string where =
      (proxy.empty() ? "" : "the proxy ") + address->host + " port " + address->port;
  if (const std::string why = WhyNotReached(*address); !why.empty())
    return {"backend", Verdict::kWarning, where + why, mend};
  const bool is_tls = config.Value("backend.url").starts_with("wss");
  // Somebody who answers may be something else than a backend.
  if (proxy.empty()) {
    const BackendTrial trial = TryBackend(around.harkd);
    if (!trial.believed) {
      return {"backend", Verdict::kProblem,
              where + " answers, and is not believed: " + trial.problem, kMendBelief};
    }
    if (!trial.problem.empty())
      return {"backend", Verdict::kWarning, where + " answers, but: " + trial.problem, mend};
  }
  if (status && !status->reason.empty() && status->state != State::kSignedOut) {
    return {"backend", Verdict::kWarning,
            where + " can be reached, but the daemon is not connected: " + status->reason,
            "what the daemon says tells what to do"};
  }
  const bool unseen = is_tls && !proxy.empty();
  return {"backend", Verdict::kGood,
          where + " can be reached" +
              (unseen ? "; who answers behind it is looked at when the daemon connects" : ""),
          ""};
}

}  // namespace hark::cli
