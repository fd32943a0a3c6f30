#include "daemon/transport/proxy_tunnel.h"

#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "daemon/base/limits.h"
#include "daemon/transport/cancellation.h"
#include "daemon/transport/proxy_answer.h"

namespace hark::transport {
namespace {

using asio::ip::tcp;

Error BrokenOff(const Deadline& limit) {
  return Error(ErrorCode::kOffline,
               limit.passed() ? "timed out while waiting for the proxy's answer"
                              : "the proxy hung up without an answer",
               Trouble::kProxy);
}

}  // namespace

Secret TunnelRequest(const Endpoint& endpoint, const Proxy& proxy, const std::string& user_agent) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  const std::string target =
      (is_v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  std::string request;
  // One allocation, so that no copy of the password is left behind.
  request.reserve(2 * target.size() + user_agent.size() + proxy.authorization.bytes().size() + 128);
  request.append("CONNECT ").append(target).append(" HTTP/1.1\r\nHost: ").append(target);
  request.append("\r\nUser-Agent: ").append(user_agent);
  if (!proxy.authorization.empty())
    request.append("\r\nProxy-Authorization: ").append(proxy.authorization.bytes());
  request.append("\r\n\r\n");
  return Secret(std::move(request));
}

Task<tcp::socket> OpenTunnel(tcp::socket socket, Secret request, TimePoint deadline) {
  const Executor executor = co_await asio::this_coro::executor;
  const Deadline limit(executor, deadline, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  const asio::const_buffer bytes(request.bytes().data(), request.bytes().size());
  auto [failed, written] = co_await asio::async_write(socket, bytes, kAsValues);
  asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
  if (failed) co_return tl::unexpected(BrokenOff(limit));

  std::string answer(limits::kProxyAnswerBytes, '\0');
  std::size_t filled = 0;
  while (true) {
    const auto rest = asio::buffer(answer) + filled;
    auto [error, size] = co_await socket.async_read_some(rest, kAsValues);
    state = co_await asio::this_coro::cancellation_state;
    if (IsCancelled(state)) co_return tl::unexpected(Cancelled());
    if (error || limit.passed()) co_return tl::unexpected(BrokenOff(limit));
    filled += size;
    const Result<bool> open = ReadProxyAnswer(std::string_view(answer).substr(0, filled));
    if (!open) co_return tl::unexpected(open.error());
    if (*open) co_return std::move(socket);
  }
}

}  // namespace hark::transport
