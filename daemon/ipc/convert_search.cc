#include "daemon/ipc/convert_search.h"

#include "daemon/ipc/convert_message.h"
#include "daemon/ipc/convert_time.h"
#include "daemon/ipc/tokens.h"

namespace hark::ipc {
namespace {

void ToProto(const store::SearchResult& result, v1::SearchResult* out) {
  const Message& message = result.message;
  out->set_message_id(message.id.value());
  out->set_conversation_id(message.conversation.value());
  out->set_conversation_title(result.conversation_title);
  out->set_role(ipc::ToProto(message.role));
  ipc::ToProto(message.created_at, out->mutable_created_at());
  out->set_sequence(message.sequence);
  out->set_delivery(ipc::ToProto(message.delivery));
  out->set_snippet(result.snippet.text);
  for (const store::SnippetRange& range : result.snippet.found) {
    v1::SnippetRange* highlight = out->add_highlights();
    highlight->set_start(range.begin);
    highlight->set_length(range.end - range.begin);
  }
  out->set_cut_before(result.snippet.cut_before);
  out->set_cut_after(result.snippet.cut_after);
}

}  // namespace

void ToProto(const store::SearchPage& page, v1::SearchMessagesResponse* out) {
  for (const store::SearchResult& result : page.results) ToProto(result, out->add_results());
  if (page.next) out->set_next_page_token(SearchToken(*page.next));
  if (page.total_count) out->set_total_count(*page.total_count);
  v1::SearchIndexState* index = out->mutable_index();
  index->set_complete(page.indexed == page.to_index);
  index->set_indexed(page.indexed);
  index->set_total(page.to_index);
}

}  // namespace hark::ipc
