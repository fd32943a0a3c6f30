// After the disk took a write no more: looks every two seconds whether there is room, and says so
// when it came back. So the sync goes on within seconds of the room that somebody makes, whatever
// the backoff has come to, and nothing is downloaded to find out.

#ifndef HARK_DAEMON_SYNC_ROOM_WATCH_H_
#define HARK_DAEMON_SYNC_ROOM_WATCH_H_

#include <functional>
#include <memory>

#include "daemon/base/alarm.h"
#include "daemon/base/clock.h"

namespace hark::sync {

// Confined to the executor that `alarm` rings on.
class RoomWatch {
 public:
  // Answers, later and on this executor, whether the disk has room. Not after Stop().
  using Look = std::function<void(std::function<void(bool)>)>;

  // `came_back`: there was no room, and now there is. `clock` outlives this object.
  RoomWatch(const Clock& clock, std::unique_ptr<Alarm> alarm, Look look,
            std::function<void()> came_back);

  // Looks from now on until there is room. If there is, something else was the matter.
  void WriteRefused();
  void Stop();

 private:
  void LookOnce();
  void Looked(bool has_room);

  const Clock& clock_;
  std::unique_ptr<Alarm> alarm_;
  Look look_;
  std::function<void()> came_back_;
  bool watching_ = false;
  bool was_full_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_ROOM_WATCH_H_
