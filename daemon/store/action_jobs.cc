#include "daemon/store/action_jobs.h"

#include <set>
#include <utility>
#include <variant>

#include "daemon/store/job_context.h"
#include "daemon/store/message_actions.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {

ActJob::ActJob(MessageAction action, Writer::Done<Message> done)
    : action_(std::move(action)), done_(std::move(done)) {}

Result<void> ActJob::Run(JobContext& context) {
  auto shown = DoAction(context, action_);
  if (!shown) return tl::unexpected<Error>(std::move(shown.error()));
  if (!context.is_kept()) shown_ = *std::move(shown);
  return {};
}

void ActJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(*std::move(shown_));
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

std::size_t ActJob::Weight() const {
  const auto* edit = std::get_if<EditMessage>(&action_.what);
  return 64 + (edit == nullptr ? 0 : edit->content.size());
}

RetryAllJob::RetryAllJob(std::optional<ConversationId> conversation,
                         Writer::Done<std::uint32_t> done)
    : conversation_(std::move(conversation)), done_(std::move(done)) {}

Result<void> RetryAllJob::Run(JobContext& context) {
  if (conversation_ && context.Find(*conversation_) == nullptr)
    return Fail(ErrorCode::kNotFound, "no such conversation");
  std::uint32_t count = 0;
  for (const OutboxRow& row : ListStopped(context.authored(), conversation_)) {
    const auto retried =
        DoAction(context, {row.entry.conversation, row.entry.message, RetryMessage{}});
    if (!retried) continue;
    const bool is_stopped = retried->change && retried->change->failure;
    if (!is_stopped) ++count;
  }
  if (!context.is_kept()) count_ = count;
  return {};
}

void RetryAllJob::Answer(Result<LocalRevision> result) {
  if (result) {
    done_(count_);
  } else {
    done_(tl::unexpected<Error>(std::move(result.error())));
  }
}

}  // namespace hark::store
