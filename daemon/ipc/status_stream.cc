#include "daemon/ipc/status_stream.h"

#include <mutex>
#include <utility>

#include "hark/v1/sync.pb.h"

#include "daemon/ipc/convert_status.h"
#include "daemon/ipc/stream_call.h"

namespace hark::ipc {

Result<ByteStream*> StatusStream::Start(StreamRegistry& registry, sync::StatusBoard& board) {
  const auto added =
      Registered(registry, std::unique_ptr<StatusStream>(new StatusStream(registry)));
  if (!added) return tl::unexpected(added.error());
  StatusStream* const stream = *added;
  stream->subscription_ = board.Subscribe([stream](const sync::Status& status) {
    {
      const std::lock_guard lock(stream->mutex());
      stream->latest_ = status;
    }
    stream->Pump();
  });
  stream->BeginWithNextWork();
  return stream;
}

StreamReactor::Work StatusStream::NextWork() {
  if (!latest_) return Idle{};
  auto event = std::make_unique<v1::WatchStatusResponse>();
  ToProto(*latest_, event->mutable_status());
  latest_.reset();
  return Write{std::move(event)};
}

// Never asked for: a status is read from no store.
Result<StreamReactor::Event> StatusStream::Prepare() {
  return Fail(ErrorCode::kInternal, "a status stream has nothing to prepare");
}

void StatusStream::Detach() {
  subscription_.reset();
}

}  // namespace hark::ipc
