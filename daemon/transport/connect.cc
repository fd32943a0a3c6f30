#include "daemon/transport/connect.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "daemon/transport/cancellation.h"

namespace hark::transport {
namespace {

using asio::ip::tcp;
using Addresses = std::vector<tcp::endpoint>;

Error TimedOut(const char* step) {
  return Error(ErrorCode::kOffline, std::string("timed out while ") + step);
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

std::shared_ptr<Lookup> StartLookup(const Executor& executor, const Endpoint& endpoint,
                                    TimePoint deadline) {
  auto lookup = std::make_shared<Lookup>(executor);
  lookup->answered.expires_at(deadline);
  lookup->resolver.async_resolve(
      endpoint.host, std::to_string(endpoint.port), tcp::resolver::numeric_service,
      [lookup](boost::system::error_code error, const tcp::resolver::results_type& results) {
        lookup->done = true;
        lookup->error = error;
        for (const auto& result : results) lookup->addresses.push_back(result.endpoint());
        lookup->answered.cancel();
      });
  return lookup;
}

// Without a resolver, where that is possible.
Addresses KnownAddresses(const Endpoint& endpoint) {
  if (IsLocalhostName(endpoint.host)) {
    return {tcp::endpoint(asio::ip::address_v4::loopback(), endpoint.port),
            tcp::endpoint(asio::ip::address_v6::loopback(), endpoint.port)};
  }
  boost::system::error_code not_an_address;
  asio::ip::address address = asio::ip::make_address(endpoint.host, not_an_address);
  if (not_an_address) return {};
  return {tcp::endpoint(address, endpoint.port)};
}

}  // namespace

Task<Addresses> Resolve(Endpoint endpoint, TimePoint deadline) {
  Addresses known = KnownAddresses(endpoint);
  if (!known.empty()) co_return known;

  Executor executor = co_await asio::this_coro::executor;
  asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
  std::shared_ptr<Lookup> lookup = StartLookup(executor, endpoint, deadline);
  (void)co_await lookup->answered.async_wait(kAsValues);
  if (!lookup->done) lookup->resolver.cancel();
  state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
  if (!lookup->done) co_return tl::unexpected(TimedOut("looking up the backend's address"));
  if (lookup->error || lookup->addresses.empty()) {
    co_return Fail(ErrorCode::kOffline,
                   "the backend's address was not found: " + lookup->error.message());
  }
  co_return std::move(lookup->addresses);
}

Task<tcp::socket> ConnectToAny(Addresses addresses, TimePoint deadline) {
  Executor executor = co_await asio::this_coro::executor;
  Error last = TimedOut("connecting to the backend");
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
    last = share.passed()
               ? TimedOut("connecting to the backend")
               : Error(ErrorCode::kOffline, "could not connect to the backend: " + error.message());
  }
  co_return tl::unexpected(std::move(last));
}

}  // namespace hark::transport
