// hark search: finds messages by their words.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

using client::SearchHit;
using client::SearchPage;

constexpr std::string_view kIndent = "    ";

std::string Highlighted(const Output& output, const SearchHit& hit) {
  const std::string_view text = hit.snippet;
  std::string shown = hit.cut_before ? "…" : "";
  std::size_t at = 0;
  for (const client::SnippetRange& range : hit.highlights) {
    if (range.start < at) continue;
    shown += Printable(text.substr(at, range.start - at));
    shown += output.Styled(Style::kYellow, Printable(text.substr(range.start, range.length)));
    at = range.start + range.length;
  }
  shown += Printable(text.substr(at));
  return shown + (hit.cut_after ? "…" : "");
}

void Print(Output& output, const SearchHit& hit) {
  const std::string title =
      hit.conversation_title.empty() ? "(no title)" : Printable(hit.conversation_title);
  output.Line(output.Styled(Style::kBold, title) + "  " +
              output.Styled(Style::kDim, LocalMinute(hit.created_at) + "  " +
                                             std::string(ToString(hit.role)) + "  " +
                                             Printable(hit.conversation_id) + "  " +
                                             Printable(hit.message_id)));
  output.Line(std::string(kIndent) + Highlighted(output, hit));
}

void PrintJson(Output& output, const SearchHit& hit) {
  std::vector<JsonLine> highlights;
  for (const client::SnippetRange& range : hit.highlights) {
    JsonLine where;
    where.Number("start", range.start).Number("length", range.length);
    highlights.push_back(std::move(where));
  }
  JsonLine line;
  output.Json(line.Text("type", "hit")
                  .Text("message_id", hit.message_id)
                  .Text("conversation_id", hit.conversation_id)
                  .Text("conversation_title", hit.conversation_title)
                  .Text("role", ToString(hit.role))
                  .Time("created_at", hit.created_at)
                  .Number("sequence", hit.sequence)
                  .Text("delivery", ToString(hit.delivery))
                  .Text("snippet", hit.snippet)
                  .Objects("highlights", highlights)
                  .Flag("cut_before", hit.cut_before)
                  .Flag("cut_after", hit.cut_after));
}

// The last line of JSON, or what has to be said below the hits.
void PrintEnd(Output& output, const SearchPage& last, std::uint64_t shown) {
  const bool has_more = !last.next_page_token.empty();
  if (output.json()) {
    JsonLine line;
    line.Text("type", "search").Number("count", shown);
    if (last.total_count) {
      line.Number("total_count", *last.total_count);
    } else {
      line.Null("total_count");
    }
    output.Json(line.Flag("has_more", has_more)
                    .Flag("index_complete", last.index_complete)
                    .Number("indexed", last.indexed)
                    .Number("to_index", last.to_index));
    return;
  }
  if (shown == 0) output.Line("no message found");
  if (has_more) {
    const std::string total = last.total_count ? Grouped(*last.total_count) : "many";
    output.Line(output.Styled(
        Style::kDim, "--- " + Grouped(shown) + " of " + total + " messages; more: --limit N ---"));
  }
  if (!last.index_complete) {
    output.Line(output.Styled(Style::kYellow,
                              "[the search index is not complete yet: " + Grouped(last.indexed) +
                                  " of about " + Grouped(last.to_index) + " messages]"));
  }
}

}  // namespace

int Search(Session& session) {
  const Arguments& arguments = session.arguments;
  const std::uint64_t limit = arguments.limit.value_or(client::kDefaultSearchPageSize);
  client::SearchRequest request;
  request.query = arguments.text;
  request.conversation_id = arguments.conversation;
  if (arguments.newest) request.order = client::SearchOrder::kNewest;
  std::uint64_t shown = 0;
  for (;;) {
    request.page_size = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limit - shown, client::kMaxSearchPageSize));
    const auto page = session.client.SearchMessages(request);
    if (!page) return Report(page.error());
    for (const SearchHit& hit : page->hits) {
      if (session.output.json()) {
        PrintJson(session.output, hit);
      } else {
        Print(session.output, hit);
      }
    }
    shown += page->hits.size();
    request.page_token = page->next_page_token;
    if (request.page_token.empty() || shown >= limit) {
      PrintEnd(session.output, *page, shown);
      return kOk;
    }
  }
}

}  // namespace hark::cli
