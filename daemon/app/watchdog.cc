#include "daemon/app/watchdog.h"

#include <algorithm>
#include <string>
#include <utility>

#include <unistd.h>

#include "daemon/base/integer.h"

namespace hark::app {
namespace {

constexpr int kTurnsInTime = 4;

}  // namespace

bool ProgressGate::Turned(Part part) {
  turned_[static_cast<std::size_t>(part)] = true;
  if (!std::ranges::all_of(turned_, [](bool turned) { return turned; })) return false;
  turned_.fill(false);
  return true;
}

std::optional<std::chrono::microseconds> WatchdogTime(const Environment& environment) {
  // More than a day is none, and a number that long fits a duration.
  constexpr std::uint64_t kMost = std::uint64_t{24} * 60 * 60 * 1'000'000;
  const auto time = ParseInteger<std::uint64_t>(environment.Get("WATCHDOG_USEC"));
  if (!time || *time == 0 || *time > kMost) return std::nullopt;
  const std::string process = environment.Get("WATCHDOG_PID");
  // Without it: whoever reads the variable is meant.
  if (!process.empty() &&
      ParseInteger<std::uint64_t>(process) != static_cast<std::uint64_t>(::getpid()))
    return std::nullopt;
  return std::chrono::microseconds(static_cast<std::int64_t>(*time));
}

Watchdog::Watchdog(Clock& clock, std::unique_ptr<Alarm> alarm, std::chrono::microseconds time,
                   AskWriter ask_writer, std::function<void()> feed)
    : clock_(clock),
      alarm_(std::move(alarm)),
      pause_(std::max(std::chrono::duration_cast<Clock::Duration>(time / kTurnsInTime),
                      Clock::Duration(1))),
      ask_writer_(std::move(ask_writer)),
      feed_(std::move(feed)) {
  Turn();
}

Watchdog::~Watchdog() {
  *alive_ = false;
}

void Watchdog::Turn() {
  alarm_->Set(clock_.Now() + pause_, [this] { Turn(); });
  Count(ProgressGate::Part::kEventLoop);
  if (std::exchange(asked_, true)) return;
  ask_writer_([this, alive = alive_] {
    if (!*alive) return;
    asked_ = false;
    Count(ProgressGate::Part::kWriter);
  });
}

void Watchdog::Count(ProgressGate::Part part) {
  if (gate_.Turned(part)) feed_();
}

}  // namespace hark::app
