#include "daemon/ipc/archive_stream.h"

#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_call.h"

namespace hark::ipc {

Result<ByteStream*> ArchiveStream::Start(StreamRegistry& registry, WorkQueue& queue,
                                         std::unique_ptr<ArchiveSlot> slot, Open open) {
  const auto added = Registered(registry, std::unique_ptr<ArchiveStream>(new ArchiveStream(
                                              registry, std::move(slot), std::move(open))));
  if (!added) return tl::unexpected(added.error());
  ArchiveStream* const stream = *added;
  // Until it has begun, nothing ends it but its own Finish(): the work finds it there.
  if (queue.Submit([stream] { stream->Begin(); })) return stream;
  registry.Remove(stream);
  delete stream;
  return Fail(ErrorCode::kResourceExhausted, "Too much is under way. Try again.");
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
