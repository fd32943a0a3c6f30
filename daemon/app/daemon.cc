#include "daemon/app/daemon.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "daemon/account/account_manager.h"
#include "daemon/app/backend_route.h"
#include "daemon/app/key_choice.h"
#include "daemon/app/log_format.h"
#include "daemon/app/options.h"
#include "daemon/app/reload.h"
#include "daemon/app/sd_notify.h"
#include "daemon/app/signals.h"
#include "daemon/app/single_instance.h"
#include "daemon/app/socket_activation.h"
#include "daemon/app/threads.h"
#include "daemon/app/watchdog.h"
#include "daemon/app/world_watch.h"
#include "daemon/base/asio_alarm.h"
#include "daemon/base/locked_memory.h"
#include "daemon/base/log.h"
#include "daemon/base/metrics.h"
#include "daemon/ipc/server.h"
#include "daemon/keys/vault.h"
#include "daemon/store/cipher_version.h"

namespace hark::app {
namespace {

// How long closing handshakes may take after everything was told to stop. With the second that
// calls under way are given, the end comes within two; a commit that was begun is waited for beyond
// that.
constexpr std::chrono::milliseconds kLastWords{500};

ExitCode Say(ExitCode code, const Error& error) {
  std::fprintf(stderr, "harkd: %s\n", error.message.c_str());
  return code;
}

// The daemon works without a service manager that hears it.
void Tell(const std::string& service_manager, std::string_view state) {
  const Result<void> told = NotifyServiceManager(service_manager, state);
  if (!told) log::Warning("service_manager_not_told", {{"why", told.error()}});
}

struct Locks {
  LockFile data;
  LockFile socket;
};

// Takes the folders for this process. The exit code says what kind of trouble there is.
tl::expected<Locks, std::pair<ExitCode, Error>> TakeFolders(const Config& config) {
  using Trouble = tl::unexpected<std::pair<ExitCode, Error>>;
  const auto trouble = [](const Error& error) {
    const bool taken = error.code == ErrorCode::kConflict;
    return Trouble(std::pair(taken ? ExitCode::kAlreadyRunning : ExitCode::kFolderOrSocket, error));
  };
  for (const std::filesystem::path& folder : {config.data_dir, config.socket.parent_path()}) {
    if (Result<void> made = EnsurePrivateFolder(folder); !made) return trouble(made.error());
  }
  Result<LockFile> data = LockFile::Acquire(DataLockPath(config.data_dir));
  if (!data) return trouble(data.error());
  Result<LockFile> socket = LockFile::Acquire(SocketLockPath(config.socket));
  if (!socket) return trouble(socket.error());
  return Locks{std::move(*data), std::move(*socket)};
}

// What runs from now on. A file that cannot be read changes nothing.
Config ReloadConfig(const Config& running, const ConfigRequest& request,
                    const Environment& environment, account::AccountManager& accounts) {
  const Result<Config> read = LoadConfig(request, environment);
  if (!read) {
    log::Error("config_not_reloaded", {{"why", read.error()}});
    return running;
  }
  Reload plan = PlanReload(running, *read);
  log::SetLevel(plan.config.log_level);
  accounts.SetRetention(plan.config.retention);
  for (const std::string& key : plan.taken)
    log::Info("config_changed", {log::Field::Safe("key", key)});
  for (const std::string& key : plan.need_restart)
    log::Warning("config_needs_restart", {log::Field::Safe("key", key)});
  log::Info("config_reloaded");
  return std::move(plan.config);
}

// Nothing: the service manager does not watch.
std::unique_ptr<Watchdog> StartWatchdog(const Environment& environment, Clock& clock,
                                        boost::asio::io_context& io,
                                        account::AccountManager& accounts) {
  const auto time = WatchdogTime(environment);
  if (!time) return nullptr;
  return std::make_unique<Watchdog>(
      clock, std::make_unique<AsioAlarm>(io.get_executor()), *time,
      [&accounts](std::function<void()> turned) { accounts.TurnWriter(std::move(turned)); },
      [notify = environment.Get("NOTIFY_SOCKET")] { Tell(notify, kNotifyWatchdog); });
}

}  // namespace

ExitCode RunDaemon(const Config& config, const ConfigRequest& request,
                   const Environment& environment) {
  IgnoreHangUp();
  log::Start(config.log_level, ChooseLogFormat(config.log_format, environment, STDERR_FILENO));
  const Result<std::optional<int>> passed = PassedSocket(environment);
  if (!passed) return Say(ExitCode::kFolderOrSocket, passed.error());
  const auto locks = TakeFolders(config);
  if (!locks) return Say(locks.error().first, locks.error().second);

  // Keys are used all the same (locked_memory.h), so that the messages stay readable.
  if (!LockedMemory(1).locked()) log::Warning("keys_not_locked", {});

  SystemClock clock;
  Metrics metrics;
  std::stop_source key_stop;
  keys::Vault vault(VaultOptionsFor(config, environment, clock, key_stop.get_token()));
  boost::asio::io_context io(1);
  boost::asio::thread_pool vault_thread(1);
  boost::asio::post(vault_thread, [] { NameThisThread("hark-keys"); });
  boost::asio::thread_pool readers(1);
  boost::asio::post(readers, [] { NameThisThread("hark-reader"); });
  account::AccountManager accounts(
      account::AccountOptions{
          .data_dir = config.data_dir,
          .backend_url = config.backend_url,
          .backend = MakeBackend(config, environment),
          .client = "harkd/" + std::string(Version()),
          .outbox_age = config.outbox_age,
          .retention = config.retention,
          .clock = clock,
          .metrics = metrics,
          .vault = vault,
          .vault_thread = vault_thread.get_executor(),
          .io = io.get_executor(),
          .readers = readers.get_executor(),
      },
      std::make_unique<AsioAlarm>(io.get_executor()));
  // Whatever still waits for a key store gives up, and nothing of it runs any more.
  const auto end_keys = [&] {
    key_stop.request_stop();
    vault_thread.join();
  };
  accounts.Start();
  std::unique_ptr<WorldWatch> world =
      WatchWorld(io.get_executor(), [&accounts] { accounts.NotifyWorldChanged(); });

  Result<std::unique_ptr<ipc::Server>> server = ipc::Server::Start(ipc::ServerOptions{
      .socket_path = config.socket,
      .listening_fd = *passed,
      .version = std::string(Version()),
      .cipher_version = store::CipherVersion(),
      .data_dir = config.data_dir,
      .clock = clock,
      .metrics = metrics,
      .accounts = accounts,
  });
  if (!server) {
    world.reset();
    accounts.Stop();
    end_keys();
    io.run_for(kLastWords);
    return Say(ExitCode::kFolderOrSocket, server.error());
  }

  const std::string notify = environment.Get("NOTIFY_SOCKET");
  const StopSignals signals(io, [&io] { io.stop(); });
  log::Info("ready", {log::Field::Safe("version", std::string(Version())),
                      log::Field::Safe("socket", config.socket.string())});
  Tell(notify, kNotifyReady);
  {
    Config running = config;
    const ReloadSignal reload(io, [&] {
      Tell(notify, kNotifyReloading);
      running = ReloadConfig(running, request, environment, accounts);
      Tell(notify, kNotifyReady);
    });
    const std::unique_ptr<Watchdog> watchdog = StartWatchdog(environment, clock, io, accounts);
    const auto work = boost::asio::make_work_guard(io);
    io.run();
  }

  Tell(notify, kNotifyStopping);
  IgnoreHangUp();
  world.reset();  // What still waited on the I/O thread would hold up the end.
  accounts.StopWaiting();
  (*server)->Stop();
  accounts.Stop();
  readers.join();
  end_keys();
  // What is left are closing handshakes and the store, which is closed by a handler of this
  // context.
  io.restart();
  io.run_for(kLastWords);
  log::Info("stopped");
  return ExitCode::kStopped;
}

}  // namespace hark::app
