#include "daemon/ipc/stream_reactor.h"

#include <chrono>
#include <utility>

#include "daemon/ipc/status.h"
#include "daemon/ipc/wire.h"

namespace hark::ipc {
namespace {

class Refused final : public ByteStream {
 public:
  explicit Refused(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

ByteStream* RefusedStream(const grpc::Status& status) {
  return new Refused(status);
}

void StreamReactor::End(const grpc::Status& why) {
  {
    const std::lock_guard lock(mutex_);
    if (!end_) end_ = why;
  }
  Ending();
  Pump();
}

void StreamReactor::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    if (!ok && !end_) end_ = grpc::Status::CANCELLED;
    out_.Clear();
    busy_ = false;
  }
  Pump();
}

void StreamReactor::OnCancel() {
  End(grpc::Status::CANCELLED);
}

void StreamReactor::OnDone() {
  Detach();
  registry_.Remove(this);
  delete this;
}

void StreamReactor::BeginWith(Event event) {
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    ended = end_.has_value();
  }
  if (ended) {
    Finish(*end_);
  } else {
    StartWriteOf(event);
  }
}

void StreamReactor::BeginWithPrepare() {
  PrepareAndWrite();
}

void StreamReactor::BeginWithNextWork() {
  {
    const std::lock_guard lock(mutex_);
    busy_ = false;
  }
  Pump();
}

void StreamReactor::Pump() {
  Work work;
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    if (busy_) return;
    ended = end_.has_value();
    if (!ended) work = NextWork();
    if (!ended && std::holds_alternative<Idle>(work)) return;
    busy_ = true;
  }
  if (ended) {
    Finish(*end_);
  } else if (const auto* write = std::get_if<Write>(&work)) {
    StartWriteOf(write->event);
  } else {
    alarm_.emplace().Set(std::chrono::system_clock::now(), [this](bool) { PrepareAndWrite(); });
  }
}

void StreamReactor::PrepareAndWrite() {
  // Without giving `busy_` up in between: it keeps this object alive.
  for (;;) {
    const Result<Event> event = Prepare();
    Work work;
    bool ended = false;
    {
      const std::lock_guard lock(mutex_);
      if (!event && !end_) end_ = ToStreamStatus(event.error());
      ended = end_.has_value();
      if (!ended && *event == nullptr) {
        work = NextWork();
        if (std::holds_alternative<Idle>(work)) {
          busy_ = false;
          return;
        }
      }
    }
    if (ended) return Finish(*end_);
    if (*event != nullptr) return StartWriteOf(*event);
    if (const auto* write = std::get_if<Write>(&work)) return StartWriteOf(write->event);
  }
}

void StreamReactor::StartWriteOf(const Event& event) {
  const grpc::Status serialised = Serialise(*event, &out_);
  if (serialised.ok()) {
    StartWrite(&out_);
  } else {
    Finish(serialised);
  }
}

}  // namespace hark::ipc
