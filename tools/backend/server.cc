#include "tools/backend/server.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "tools/backend/archive.h"
#include "tools/backend/connection.h"
#include "tools/backend/data_folder.h"
#include "tools/backend/http_api.h"
#include "tools/backend/hub.h"
#include "tools/backend/limits.h"
#include "tools/backend/listener.h"
#include "tools/backend/responder.h"
#include "tools/backend/tiered_store.h"
#include "tools/backend/users.h"
#include "tools/backend/working_memory.h"

namespace hark::backend {
namespace {

namespace asio = boost::asio;

class AsioScheduler final : public Scheduler {
 public:
  explicit AsioScheduler(asio::io_context& io) : io_(io) {}

  void After(std::chrono::milliseconds delay, std::function<void()> work) override {
    auto timer = std::make_shared<asio::steady_timer>(io_, delay);
    timer->async_wait([timer, work = std::move(work)](boost::system::error_code failed) {
      if (!failed) work();
    });
  }

 private:
  asio::io_context& io_;
};

// Calls `work` again and again until `io` stops.
class Repeating {
 public:
  Repeating(asio::io_context& io, std::chrono::milliseconds period, std::function<void()> work)
      : timer_(io), period_(period), work_(std::move(work)) {
    Arm();
  }

 private:
  void Arm() {
    timer_.expires_after(period_);
    timer_.async_wait([this](boost::system::error_code failed) {
      if (failed) return;
      work_();
      Arm();
    });
  }

  asio::steady_timer timer_;
  const std::chrono::milliseconds period_;
  const std::function<void()> work_;
};

Result<void> WritePortFile(const std::string& path, unsigned int port) {
  // Renamed into place: who waits for the file never reads half a number.
  const std::string temporary = path + ".new";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << port << '\n';
    if (!file.flush()) return Fail(ErrorCode::kDataFolder, "cannot write " + path);
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    return Fail(ErrorCode::kDataFolder, "cannot write " + path);
  }
  return {};
}

Result<std::unique_ptr<asio::ssl::context>> MakeTls(const ServeOptions& options) {
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  boost::system::error_code failed;
  tls->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1,
                   failed);
  if (!failed) tls->use_certificate_chain_file(options.certificate, failed);
  if (failed) {
    return Fail(ErrorCode::kDataFolder, "cannot use the certificate: " + failed.message());
  }
  tls->use_private_key_file(options.key, asio::ssl::context::pem, failed);
  if (failed) return Fail(ErrorCode::kDataFolder, "cannot use the key: " + failed.message());
  return tls;
}

Result<std::unique_ptr<TieredStore>> OpenStore(const DataFolder& folder, const Clock& clock,
                                               std::uint64_t change_log_limit) {
  auto archive = Archive::Open(folder.archive(), clock, change_log_limit);
  if (!archive) return tl::unexpected<Error>(archive.error());
  auto memory = WorkingMemory::Open(folder.working_memory(), kWorkingMemoryBytes);
  if (!memory) return tl::unexpected<Error>(memory.error());
  return TieredStore::Open(std::move(*archive), std::move(*memory), clock);
}

void SetUpLog() {
  auto logger = spdlog::stderr_logger_st("hark-backend");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

// Everything that runs, in the order in which it is built; stopped in the reverse.
class Server {
 public:
  Server(const ServeOptions& options, std::unique_ptr<TieredStore> store,
         std::unique_ptr<Users> users, std::unique_ptr<asio::ssl::context> tls, const Clock& clock)
      : store_(std::move(store)),
        users_(std::move(users)),
        tls_(std::move(tls)),
        session_{*store_,
                 *users_,
                 hub_,
                 clock,
                 nullptr,
                 options.heartbeat_ms,
                 options.refuse_content_prefix},
        http_(*store_, *users_, hub_),
        connections_{session_, http_},
        scheduler_(io_),
        echo_(*store_, hub_, clock, scheduler_,
              std::chrono::milliseconds(options.responder_delay_ms)),
        listener_(io_, connections_, tls_.get()),
        signals_(io_, SIGTERM, SIGINT) {
    if (options.responder == "echo") session_.responder = &echo_;
  }

  Result<asio::ip::tcp::endpoint> Open(const asio::ip::tcp::endpoint& address) {
    return listener_.Open(address);
  }

  void Run() {
    // Often enough for the shortest heartbeat and for the grace of a resumed session.
    const std::chrono::milliseconds tick(
        std::clamp<std::uint32_t>(session_.heartbeat_ms / 4, 10, 100));
    const Repeating ticks(io_, tick, [this] { hub_.Tick(); });
    const Repeating tokens(io_, std::chrono::seconds(1), [this] { LookAtTokens(); });
    const Repeating sweeps(io_, std::chrono::minutes(1), [this] { store_->Sweep(); });
    signals_.async_wait([this](boost::system::error_code failed, int) {
      if (!failed) Stop();
    });
    listener_.Start();
    io_.run();
  }

 private:
  void LookAtTokens() {
    const auto version = users_->Version();
    if (!version || *version == users_version_) return;
    users_version_ = *version;
    hub_.TokensChanged();
  }

  void Stop() {
    spdlog::info("stopping sessions={}", hub_.size());
    listener_.Stop();
    hub_.GoAway("the server stops");
    WaitForSessions(std::chrono::steady_clock::now() + std::chrono::milliseconds(1'000));
  }

  // Clients get the time to answer the close; one that does not is left.
  void WaitForSessions(SteadyPoint deadline) {
    if (hub_.size() == 0 || std::chrono::steady_clock::now() >= deadline) {
      io_.stop();
      return;
    }
    scheduler_.After(std::chrono::milliseconds(10),
                     [this, deadline] { WaitForSessions(deadline); });
  }

  std::unique_ptr<TieredStore> store_;
  std::unique_ptr<Users> users_;
  std::unique_ptr<asio::ssl::context> tls_;
  Hub hub_;
  SessionServices session_;
  HttpApi http_;
  ConnectionServices connections_;
  // Destroyed before what is above, and with it every connection that is still open.
  asio::io_context io_{1};
  AsioScheduler scheduler_;
  EchoResponder echo_;
  Listener listener_;
  asio::signal_set signals_;
  std::int64_t users_version_ = 0;
};

}  // namespace

tl::expected<void, ServeError> Serve(const ServeOptions& options) {
  const auto fail = [](const Error& error, int exit_code) {
    return tl::unexpected<ServeError>(ServeError{error, exit_code});
  };
  SetUpLog();
  const auto address = ParseAddress(options.listen);
  if (!address) return fail(address.error(), kExitUsage);
  const SystemClock clock;
  const auto folder = DataFolder::Open(options.data);
  if (!folder) return fail(folder.error(), kExitDataFolder);
  const auto lock = FolderLock::Take(*folder);
  if (!lock) {
    const bool in_use = lock.error().code == ErrorCode::kInUse;
    return fail(lock.error(), in_use ? kExitInUse : kExitDataFolder);
  }
  std::unique_ptr<asio::ssl::context> tls;
  if (!options.certificate.empty()) {
    auto made = MakeTls(options);
    if (!made) return fail(made.error(), kExitDataFolder);
    tls = std::move(*made);
  }
  auto users = Users::Open(folder->users(), clock);
  if (!users) return fail(users.error(), kExitDataFolder);
  auto store = OpenStore(*folder, clock, options.change_log_limit);
  if (!store) return fail(store.error(), kExitDataFolder);

  const bool plain = tls == nullptr;
  Server server(options, std::move(*store), std::move(*users), std::move(tls), clock);
  const auto opened = server.Open(*address);
  if (!opened) return fail(opened.error(), kExitPortTaken);
  if (plain && !address->address().is_loopback()) {
    spdlog::warn("listening on a public address without TLS: tokens and messages can be read");
  }
  if (!options.port_file.empty()) {
    const auto written = WritePortFile(options.port_file, opened->port());
    if (!written) return fail(written.error(), kExitDataFolder);
  }
  std::cout << "listening on " << *opened << std::endl;
  server.Run();
  return {};
}

}  // namespace hark::backend
