#include "daemon/account/sign_in.h"

#include <chrono>
#include <exception>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace hark::account {
namespace {

constexpr std::chrono::seconds kTimeout{30};

Task<UserId> Ask(std::shared_ptr<transport::Backend> backend, SignInRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Result<std::unique_ptr<transport::Session>> connected = co_await backend->Connect();
  if (!connected) co_return tl::unexpected(std::move(connected.error()));
  const std::unique_ptr<transport::Session> session = std::move(*connected);

  transport::Hello hello;
  hello.token = std::move(request.token);
  hello.device_id = std::move(request.device_id);
  hello.client = std::move(request.client);
  transport::ClientFrame frame = std::move(hello);
  Result<void> sent = co_await session->Send(std::move(frame));
  if (!sent) co_return tl::unexpected(std::move(sent.error()));

  Result<transport::ServerFrame> answer = co_await session->Receive();
  if (!answer) co_return tl::unexpected(std::move(answer.error()));
  co_await session->Close();
  if (auto* welcome = std::get_if<transport::Welcome>(&*answer)) co_return std::move(welcome->user);
  if (const auto* refused = std::get_if<transport::Refused>(&*answer)) {
    if (refused->code == transport::RefusedCode::kUnauthenticated) {
      co_return Fail(ErrorCode::kUnauthenticated, "The server does not accept this token.");
    }
    co_return Fail(ErrorCode::kOffline, "The server refused the connection: " + refused->message);
  }
  co_return Fail(ErrorCode::kOffline, "The server does not keep to the protocol.");
}

asio::awaitable<void> After(std::chrono::seconds delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(delay);
  (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<UserId> AskWithTimeout(std::shared_ptr<transport::Backend> backend, SignInRequest request) {
  using asio::experimental::awaitable_operators::operator||;
  auto either = Ask(std::move(backend), std::move(request)) || After(kTimeout);
  auto result = co_await std::move(either);
  if (auto* answered = std::get_if<0>(&result)) co_return std::move(*answered);
  co_return Fail(ErrorCode::kOffline, "The server does not answer.");
}

}  // namespace

void AskWhoseToken(Executor executor, std::shared_ptr<transport::Backend> backend,
                   SignInRequest request, std::function<void(Result<UserId>)> done) {
  auto task = AskWithTimeout(std::move(backend), std::move(request));
  asio::co_spawn(executor, std::move(task),
                 [done = std::move(done)](const std::exception_ptr& thrown, Result<UserId> user) {
                   if (thrown) {
                     done(Fail(ErrorCode::kInternal, "Signing in failed unexpectedly."));
                   } else {
                     done(std::move(user));
                   }
                 });
}

}  // namespace hark::account
