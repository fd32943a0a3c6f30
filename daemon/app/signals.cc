#include "daemon/app/signals.h"

#include <csignal>
#include <utility>

#include "daemon/base/log.h"

namespace hark::app {

StopSignals::StopSignals(boost::asio::io_context& io, std::function<void()> stop)
    : signals_(io, SIGTERM, SIGINT) {
  signals_.async_wait(
      [stop = std::move(stop), this](const boost::system::error_code& error, int number) {
        if (error) return;
        log::Info("stop_requested", {{"signal", number}});
        // From here on the default action: who asks twice does not want to wait.
        boost::system::error_code ignored;
        signals_.clear(ignored);
        stop();
      });
}

void IgnoreHangUp() {
  (void)std::signal(SIGHUP, SIG_IGN);
}

ReloadSignal::ReloadSignal(boost::asio::io_context& io, std::function<void()> reload)
    : signals_(io, SIGHUP), reload_(std::move(reload)) {
  Wait();
}

void ReloadSignal::Wait() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    reload_();
    Wait();
  });
}

}  // namespace hark::app
