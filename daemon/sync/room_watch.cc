#include "daemon/sync/room_watch.h"

#include <chrono>
#include <utility>

namespace hark::sync {
namespace {

constexpr std::chrono::seconds kBetweenLooks{2};

}  // namespace

RoomWatch::RoomWatch(const Clock& clock, std::unique_ptr<Alarm> alarm, Look look,
                     std::function<void()> came_back)
    : clock_(clock),
      alarm_(std::move(alarm)),
      look_(std::move(look)),
      came_back_(std::move(came_back)) {}

void RoomWatch::WriteRefused() {
  if (watching_) return;
  watching_ = true;
  was_full_ = false;
  LookOnce();
}

void RoomWatch::Stop() {
  watching_ = false;
  alarm_->Cancel();
}

void RoomWatch::LookOnce() {
  look_([this](bool has_room) { Looked(has_room); });
}

void RoomWatch::Looked(bool has_room) {
  if (!watching_) return;
  if (!has_room) {
    was_full_ = true;
    alarm_->Set(clock_.Now() + kBetweenLooks, [this] { LookOnce(); });
    return;
  }
  watching_ = false;
  if (was_full_) came_back_();
}

}  // namespace hark::sync
