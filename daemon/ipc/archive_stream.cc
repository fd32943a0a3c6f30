#include "daemon/ipc/archive_stream.h"

#include "daemon/ipc/status.h"

namespace hark::ipc {

ByteStream* ArchiveStream::Start(StreamRegistry& registry, WorkQueue& queue,
                                 std::unique_ptr<ArchiveSlot> slot, Open open) {
  auto* stream = new ArchiveStream(registry, std::move(slot), std::move(open));
  if (const Result<void> added = registry.Add(stream); !added) {
    delete stream;
    return RefusedStream(ToStreamStatus(added.error()));
  }
  // Until it has begun, nothing ends it but its own Finish(): the work finds it there.
  if (queue.Submit([stream] { stream->Begin(); })) return stream;
  registry.Remove(stream);
  delete stream;
  return RefusedStream(
      ToStreamStatus({ErrorCode::kResourceExhausted, "Too much is under way. Try again."}));
}

void ArchiveStream::Begin() {
  Result<Source> source = open_(cancelled_);
  if (!source) {
    End(ToStreamStatus(source.error()));
    return BeginWithNextWork();
  }
  next_ = std::move(source->next);
  BeginWith(std::move(source->first));
}

Result<StreamReactor::Event> ArchiveStream::Prepare() {
  Result<Event> event = next_();
  if (event && *event == nullptr) End(grpc::Status::OK);
  return event;
}

void ArchiveStream::Detach() {
  next_ = nullptr;
  open_ = nullptr;
  slot_.reset();
}

}  // namespace hark::ipc
