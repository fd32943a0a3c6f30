// SIGTERM and SIGINT end the daemon in good order; a second one ends it at once. SIGHUP has it read
// its configuration again.

#ifndef HARK_DAEMON_APP_SIGNALS_H_
#define HARK_DAEMON_APP_SIGNALS_H_

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace hark::app {

// Confined to the I/O thread. Must not outlive the context.
class StopSignals {
 public:
  // `stop` is called once, on the I/O thread.
  StopSignals(boost::asio::io_context& io, std::function<void()> stop);

 private:
  boost::asio::signal_set signals_;
};

// SIGHUP does nothing: while there is nobody yet, or nobody any more, who could read anything
// again, it must not end the daemon.
void IgnoreHangUp();

// Confined to the I/O thread. Must not outlive the context. Gone, SIGHUP ends the process, unless
// IgnoreHangUp() is called.
class ReloadSignal {
 public:
  // `reload` is called on the I/O thread, once for each SIGHUP or for several that came together.
  ReloadSignal(boost::asio::io_context& io, std::function<void()> reload);

 private:
  void Wait();

  boost::asio::signal_set signals_;
  const std::function<void()> reload_;
};

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_SIGNALS_H_
