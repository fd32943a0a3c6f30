#include "daemon/store/draft_rows.h"

#include "daemon/store/columns.h"

namespace hark::store {
namespace {

constexpr char kWrite[] =
    "INSERT INTO drafts (conversation, version, changed_at, text) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (conversation) DO UPDATE SET version = excluded.version,"
    " changed_at = excluded.changed_at, text = excluded.text WHERE version <= excluded.version";
constexpr char kList[] = "SELECT conversation, version, changed_at, text FROM drafts";
constexpr char kHas[] = "SELECT 1 FROM drafts WHERE conversation = ? AND text <> ''";
constexpr char kForget[] =
    "DELETE FROM drafts WHERE text = '' AND version <= (SELECT version FROM drafts WHERE text = ''"
    " ORDER BY version DESC LIMIT 1 OFFSET ?)";

}  // namespace

void WriteDraft(Connection& authored, const Draft& draft) {
  Query query(authored.statements(), kWrite);
  query.Text(draft.conversation.value()).Uint(draft.version);
  BindTime(query, draft.changed_at);
  query.LongText(draft.text).Run();
}

std::vector<Draft> ListDraftRows(Connection& authored) {
  Query query(authored.statements(), kList);
  std::vector<Draft> drafts;
  while (query.Next()) {
    drafts.push_back(
        {ConversationId(query.GetText(0)), query.GetText(3), query.GetUint(1), GetTime(query, 2)});
  }
  return drafts;
}

bool HasDraft(Connection& authored, const ConversationId& conversation) {
  Query query(authored.statements(), kHas);
  query.Text(conversation.value());
  return query.Next();
}

void ForgetClearedDrafts(Connection& authored, std::size_t count) {
  Query(authored.statements(), kForget).Uint(count).Run();
}

}  // namespace hark::store
