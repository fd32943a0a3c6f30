#include "daemon/transport/connect.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "daemon/transport/cancellation.h"
#include "daemon/transport/endpoint.h"

namespace hark::transport {
namespace {

using asio::ip::tcp;
using Addresses = std::vector<tcp::endpoint>;

std::string NameOf(Hop hop) {
  return hop == Hop::kProxy ? "the proxy" : "the backend";
}

Error Offline(std::string sentence, Hop hop, Trouble trouble) {
  return Error(ErrorCode::kOffline, std::move(sentence),
               hop == Hop::kProxy ? Trouble::kProxy : trouble);
}

Error TimedOut(const std::string& step, Hop hop) {
  return Offline("timed out while " + step, hop, Trouble::kTimeout);
}

// One question to the system's resolver. Shared with its handler, since the one who asks may be
// gone before the answer.
struct Lookup {
  explicit Lookup(const Executor& executor) : resolver(executor), answered(executor) {}

  tcp::resolver resolver;
  asio::steady_timer answered;  // Cancelled by the answer; expires at the deadline.
  bool done = false;
  boost::system::error_code error;
  Addresses addresses;
};

std::shared_ptr<Lookup> StartLookup(const Executor& executor, const std::string& host,
                                    std::uint16_t port, TimePoint deadline) {
  auto lookup = std::make_shared<Lookup>(executor);
  lookup->answered.expires_at(deadline);
  lookup->resolver.async_resolve(
      host, std::to_string(port), tcp::resolver::numeric_service,
      [lookup](boost::system::error_code error, const tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& result : results) lookup->addresses.push_back(result.endpoint());
        lookup->answered.cancel();
      });
  return lookup;
}

// Without a resolver, where that is possible.
Addresses KnownAddresses(const std::string& host, std::uint16_t port) {
  if (IsLocalhostName(host)) {
    return {tcp::endpoint(asio::ip::address_v4::loopback(), port),
            tcp::endpoint(asio::ip::address_v6::loopback(), port)};
  }
  boost::system::error_code not_an_address;
  asio::ip::address address = asio::ip::make_address(host, not_an_address);
  if (not_an_address) return {};
  return {tcp::endpoint(address, port)};
}

}  // namespace

Task<Addresses> Resolve(std::string host, std::uint16_t port, TimePoint deadline, Hop hop) {
  Addresses known = KnownAddresses(host, port);
  if (!known.empty()) co_return known;

  Executor executor = co_await asio::this_coro::executor;
  asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
  std::shared_ptr<Lookup> lookup = StartLookup(executor, host, port, deadline);
  (void)co_await lookup->answered.async_wait(kAsValues);
  if (!lookup->done) lookup->resolver.cancel();
  state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
  if (!lookup->done)
    co_return tl::unexpected(TimedOut("looking up the address of " + NameOf(hop), hop));
  if (lookup->error || lookup->addresses.empty()) {
    co_return tl::unexpected(
        Offline("the address of " + NameOf(hop) + " was not found: " + lookup->error.message(), hop,
                Trouble::kLookup));
  }
  co_return std::move(lookup->addresses);
}

Task<tcp::socket> ConnectToAny(Addresses addresses, TimePoint deadline, Hop hop) {
  Executor executor = co_await asio::this_coro::executor;
  Error last = TimedOut("connecting to " + NameOf(hop), hop);
  for (std::size_t tried = 0; tried < addresses.size(); ++tried) {
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    TimePoint now = std::chrono::steady_clock::now();
    if (now >= deadline) break;
    TimePoint share_ends = now + (deadline - now) / static_cast<int>(addresses.size() - tried);

    tcp::socket socket(executor);
    Deadline share(executor, share_ends, [&socket] {
      boost::system::error_code ignored;
      socket.close(ignored);
    });
    auto [error] = co_await socket.async_connect(addresses[tried], kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (!error && socket.is_open()) {
      boost::system::error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      co_return std::move(socket);
    }
    last = share.passed() ? TimedOut("connecting to " + NameOf(hop), hop)
                          : Offline("could not connect to " + NameOf(hop) + ": " + error.message(),
                                    hop, Trouble::kUnreachable);
  }
  co_return tl::unexpected(std::move(last));
}

}  // namespace hark::transport
