#ifndef HARK_TOOLS_BACKEND_REQUESTS_H_
#define HARK_TOOLS_BACKEND_REQUESTS_H_

// What each request of the protocol answers: checks the values, asks the store, and makes the
// answer fit a frame. Knows one user and no session.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/backend/clock.h"
#include "tools/backend/frame_writer.h"
#include "tools/backend/store.h"
#include "tools/backend/types.h"

namespace hark::backend {

// The encoded answer, and what it means for others.
struct Answer {
  std::string frame;
  bool log_grown = false;           // The user's sessions have something new to read.
  std::optional<Message> appended;  // A new message of the user, for the responder.
};

class Requests {
 public:
  // All outlive the object. What begins with `refused_prefix` is refused for good, if that is not
  // empty: how tests see a refusal that no client can foresee.
  Requests(Store& store, const Clock& clock, const FrameWriter& writer,
           std::string_view refused_prefix)
      : store_(store), clock_(clock), writer_(writer), refused_prefix_(refused_prefix) {}

  Answer List(const UserId& user, const wire::ListConversations& request);
  Answer History(const UserId& user, const wire::GetHistory& request);
  Answer Histories(const UserId& user, const wire::GetHistories& request);
  Answer Append(const UserId& user, const wire::Append& request);
  Answer Edit(const UserId& user, const wire::Edit& request);
  Answer Delete(const UserId& user, const wire::Delete& request);
  Answer MarkRead(const UserId& user, const wire::MarkRead& request);

 private:
  // The first of the asked pages, with `most` messages together at most.
  [[nodiscard]] Result<wire::ServerFrame> ReadPages(const UserId& user,
                                                    const wire::GetHistories& request,
                                                    std::uint32_t most);
  [[nodiscard]] Answer Refuse(std::uint64_t request_id, const Error& error) const;
  [[nodiscard]] Answer Acknowledge(std::uint64_t request_id, const Applied& applied) const;
  [[nodiscard]] Answer Encode(std::uint64_t request_id, const wire::ServerFrame& frame) const;

  // Makes the answer again with half the size until it fits a frame: long messages are rare.
  template <typename Make>
  [[nodiscard]] Answer MakeFit(std::uint64_t request_id, std::uint32_t size, Make make) const;

  [[nodiscard]] Result<void> CheckPolicy(const std::string& content) const;

  Store& store_;
  const Clock& clock_;
  const FrameWriter& writer_;
  const std::string_view refused_prefix_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_REQUESTS_H_
