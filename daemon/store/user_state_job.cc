#include "daemon/store/user_state_job.h"

#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/draft_rows.h"
#include "daemon/store/job_context.h"
#include "daemon/store/view_state_rows.h"

namespace hark::store {

SaveUserStateJob::SaveUserStateJob(UserStateChanges changes,
                                   UserStateStore::Done<LocalRevision> done)
    : changes_(std::move(changes)), done_(std::move(done)) {
  for (const Draft& draft : changes_.drafts) weight_ += draft.text.size() + 64;
  weight_ += changes_.view_states.size() * 64;
}

Result<void> SaveUserStateJob::Run(JobContext& context) {
  std::vector<ConversationId> shown;
  bool cleared = false;
  for (const Draft& draft : changes_.drafts) {
    if (Save(context, draft)) shown.push_back(draft.conversation);
    cleared = cleared || draft.text.empty();
  }
  if (cleared) ForgetClearedDrafts(context.WriteAuthored(), limits::kClearedDrafts);
  for (const ViewState& state : changes_.view_states)
    WriteViewState(context.WriteAuthored(), state);
  if (!changes_.view_states.empty()) ForgetViewStates(context.WriteAuthored(), limits::kViewStates);
  // The texts themselves are nothing that a commit tells of.
  context.NothingToTell();
  for (const ConversationId& conversation : shown) context.Touch(conversation);
  if (!shown.empty()) context.changes().any = true;
  return {};
}

bool SaveUserStateJob::Save(JobContext& context, const Draft& draft) {
  const bool had = HasDraft(context.authored(), draft.conversation);
  WriteDraft(context.WriteAuthored(), draft);
  const bool has = HasDraft(context.authored(), draft.conversation);
  return had != has || context.is_rerun();
}

void SaveUserStateJob::Answer(Result<LocalRevision> result) {
  done_(std::move(result));
}

}  // namespace hark::store
