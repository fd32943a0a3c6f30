#include "tests/sim/model_network.h"

#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "daemon/transport/codec.h"

namespace hark::sim {
namespace {

transport::ServerFrame Copy(const transport::ServerFrame& frame) {
  return std::visit(
      [](const auto& what) -> transport::ServerFrame {
        if constexpr (std::is_same_v<std::decay_t<decltype(what)>, transport::TokenRenewed>) {
          return transport::TokenRenewed{what.request, what.token.Clone(), what.expires_at};
        } else {
          return what;
        }
      },
      frame);
}

}  // namespace

// The engine's end.
class ModelNetwork::Session final : public transport::Session {
 public:
  Session(ModelNetwork& network, std::shared_ptr<Line> line)
      : network_(network), line_(std::move(line)) {}
  ~Session() override { line_->cut = true; }

  Task<void> Send(transport::ClientFrame frame) override {
    if (line_->cut) co_return Fail(ErrorCode::kOffline, "cut");
    network_.FromClient(line_, std::move(frame));
    co_return Result<void>{};
  }

  Task<transport::ServerFrame> Receive() override {
    const std::shared_ptr<Line> line = line_;
    while (line->ready.empty()) {
      if (line->cut) co_return Fail(ErrorCode::kOffline, "cut");
      Result<void> woken = co_await line->arrived.Wait();
      if (!woken) co_return tl::unexpected<Error>(std::move(woken.error()));
    }
    transport::ServerFrame frame = std::move(line->ready.front());
    line->ready.pop_front();
    co_return frame;
  }

  asio::awaitable<void> Close() override {
    line_->cut = true;
    co_return;
  }

 private:
  ModelNetwork& network_;
  std::shared_ptr<Line> line_;
};

Task<std::unique_ptr<transport::Session>> ModelNetwork::Connect() {
  if (away_ || Chance(faults.refused_connect))
    co_return Fail(ErrorCode::kOffline, "The server is away.");
  auto line = std::make_shared<Line>(io_);
  lines_.push_back(line);
  std::unique_ptr<transport::Session> session = std::make_unique<Session>(*this, line);
  co_return session;
}

void ModelNetwork::LogGrown() {
  const std::vector<std::weak_ptr<Line>> lines = lines_;
  for (const auto& weak : lines) {
    if (const auto line = weak.lock()) Pump(line);
  }
  std::erase_if(lines_, [](const auto& weak) { return weak.expired(); });
}

void ModelNetwork::CutAll() {
  for (const auto& weak : lines_) {
    if (const auto line = weak.lock()) Cut(*line);
  }
}

void ModelNetwork::SetAway(bool away) {
  away_ = away;
  if (away) CutAll();
}

void ModelNetwork::FromClient(const std::shared_ptr<Line>& line, transport::ClientFrame frame) {
  if (const auto bytes = transport::Encode(frame, transport::Encoding::kProto); !bytes)
    complaint_ = bytes.error().message;
  if (Chance(faults.silent)) line->silent = true;
  if (line->silent) return;
  if (Chance(faults.cut)) {
    Cut(*line);
    // What was written may still arrive, long after the connection is gone here.
    if (Chance(500)) return;
  }
  const unsigned times = Chance(faults.repeated) ? 2 : 1;
  line->last_in = std::max(line->last_in, Arrival());
  auto shared = std::make_shared<transport::ClientFrame>(std::move(frame));
  for (unsigned i = 0; i < times; ++i)
    time_.At(line->last_in, [this, line, shared] { Handle(line, *shared); });
}

void ModelNetwork::Handle(const std::shared_ptr<Line>& line, const transport::ClientFrame& frame) {
  if (away_) return;
  const auto answer = [&](auto&& request, auto&& act) {
    if (Chance(faults.transient)) {
      if (Chance(300)) std::ignore = act();  // Done all the same.
      const auto wait = std::chrono::milliseconds(Below(2'000));
      ToClient(line,
               transport::Refused{request.request, transport::RefusedCode::kUnavailable, "", wait},
               false);
      return;
    }
    std::visit([&](auto&& what) { ToClient(line, std::forward<decltype(what)>(what), false); },
               act());
    LogGrown();
  };
  if (const auto* hello = std::get_if<transport::Hello>(&frame)) {
    if (line->greeted) return;
    transport::Welcome welcome = backend_.Greet(*hello);
    line->greeted = true;
    line->delivered = welcome.resume == transport::Resume::kOk ? *hello->cursor : welcome.cursor;
    ToClient(line, std::move(welcome), true);
    Pump(line);
  } else if (!line->greeted) {
    return;
  } else if (const auto* list = std::get_if<transport::ListConversations>(&frame)) {
    ToClient(line, backend_.List(*list), false);
  } else if (const auto* history = std::get_if<transport::GetHistory>(&frame)) {
    // Limited answers: fewer than asked.
    const auto most = static_cast<std::uint32_t>(1 + Below(8));
    answer(*history, [&] { return backend_.Read(*history, most); });
  } else if (const auto* histories = std::get_if<transport::GetHistories>(&frame)) {
    const std::size_t pages = 1 + Below(histories->asks.size());
    const auto most = static_cast<std::uint32_t>(1 + Below(8));
    answer(*histories, [&] { return backend_.ReadMany(*histories, pages, most); });
  } else if (const auto* subscribe = std::get_if<transport::Subscribe>(&frame)) {
    for (const ConversationId& id : subscribe->remove) line->subscribed.erase(id);
    for (const ConversationId& id : subscribe->add) line->subscribed.insert(id);
  } else if (const auto* append = std::get_if<transport::Append>(&frame)) {
    answer(*append, [&] { return backend_.Append(*append); });
  } else if (const auto* edit = std::get_if<transport::Edit>(&frame)) {
    answer(*edit, [&] { return backend_.Edit(*edit); });
  } else if (const auto* deletion = std::get_if<transport::Delete>(&frame)) {
    answer(*deletion, [&] { return backend_.Delete(*deletion); });
  } else if (const auto* mark = std::get_if<transport::MarkRead>(&frame)) {
    answer(*mark, [&] { return backend_.MarkRead(*mark); });
  } else if (const auto* ping = std::get_if<transport::Ping>(&frame)) {
    ToClient(line, transport::Pong{ping->nonce}, true);
  }
}

void ModelNetwork::ToClient(const std::shared_ptr<Line>& line, transport::ServerFrame frame,
                            bool in_order) {
  if (line->silent || line->cut) return;
  if (Chance(faults.cut)) {
    Cut(*line);
    return;
  }
  Clock::Instant when = Arrival();
  if (in_order && !Chance(faults.reordered)) {
    when = std::max(when, line->last_out);
    line->last_out = when;
  }
  const unsigned times = Chance(faults.repeated) ? 2 : 1;
  for (unsigned i = 0; i < times; ++i) {
    auto copy = std::make_shared<transport::ServerFrame>(Copy(frame));
    time_.At(when, [line, copy] {
      if (line->cut) return;
      line->ready.push_back(std::move(*copy));
      line->arrived.Notify();
    });
  }
}

void ModelNetwork::Pump(const std::shared_ptr<Line>& line) {
  while (line->greeted && !line->cut && line->delivered.epoch == backend_.head().epoch &&
         line->delivered.position < backend_.head().position) {
    transport::Changes changes = backend_.Stretch(line->delivered, 1 + Below(4), line->subscribed);
    line->delivered = changes.to;
    ToClient(line, std::move(changes), true);
  }
}

void ModelNetwork::Cut(Line& line) {
  line.cut = true;
  line.arrived.Notify();
}

Clock::Instant ModelNetwork::Arrival() {
  return time_.Now() +
         Clock::Duration(Below(static_cast<std::uint64_t>(faults.latest.count()) + 1));
}

bool ModelNetwork::Chance(unsigned per_thousand) {
  return Below(1'000) < per_thousand;
}

std::uint64_t ModelNetwork::Below(std::uint64_t bound) {
  return bound == 0 ? 0 : random_() % bound;
}

}  // namespace hark::sim
