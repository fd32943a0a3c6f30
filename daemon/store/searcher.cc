#include "daemon/store/searcher.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/pending_search.h"
#include "daemon/store/search_candidates.h"
#include "daemon/store/search_rows.h"
#include "daemon/store/text_matcher.h"

namespace hark::store {
namespace {

using Ranked = SearchPosition::Ranked;

constexpr SearchPlace kNewestPlace{kEndOfTime, std::numeric_limits<std::int64_t>::max()};
// As the end of a group: nothing is older.
constexpr SearchPlace kOldestPlace{WallTime(-kEndOfTime.time_since_epoch()), 0};

// A message as good as another one counts half as much when it is very old, three quarters after
// this.
constexpr std::chrono::hours kHalfFresh{24 * 30};

// The place just below. Keys are positive.
SearchPlace Below(SearchPlace place) {
  --place.key;
  return place;
}

class Searcher {
 public:
  Searcher(const Snapshot& snapshot, const SearchQuery& query, TextMatcher& matcher,
           std::optional<std::int64_t> conversation)
      : snapshot_(snapshot),
        cache_(snapshot.cache()),
        query_(query),
        matcher_(matcher),
        pending_(FindPendingMatches(snapshot.view(), matcher, query.conversation)),
        candidates_(cache_, RequestFor(conversation)),
        limit_(std::clamp<std::uint32_t>(query.limit, 1, limits::kSearchPageSize)) {}

  SearchPage Run();

 private:
  [[nodiscard]] SearchCandidates::Request RequestFor(
      std::optional<std::int64_t> conversation) const;
  [[nodiscard]] std::vector<SearchPlace> Collect(const SearchPlace& newest,
                                                 const std::optional<SearchPlace>& oldest,
                                                 std::size_t wanted);
  void FillNewest(const SearchPosition& from);
  void FillBest(SearchPosition from);
  [[nodiscard]] std::uint32_t ScoreOf(const SearchPlace& place, WallTime started_at);
  [[nodiscard]] double RelevanceOf(std::string_view content);
  void Add(const SearchPlace& place);
  [[nodiscard]] const std::string& TitleOf(const ConversationId& id);

  const Snapshot& snapshot_;
  Connection& cache_;
  const SearchQuery& query_;
  TextMatcher& matcher_;
  const PendingMatches pending_;
  SearchCandidates candidates_;
  const std::uint32_t limit_;
  std::map<ConversationId, std::string> titles_;
  SearchPage page_;
};

SearchCandidates::Request Searcher::RequestFor(std::optional<std::int64_t> conversation) const {
  const auto& terms = matcher_.terms();
  const bool has_prefix =
      std::any_of(terms.begin(), terms.end(), [](const SearchTerm& term) { return term.prefix; });
  return {ToMatch(terms), has_prefix, conversation, pending_.changed};
}

std::vector<SearchPlace> Searcher::Collect(const SearchPlace& newest,
                                           const std::optional<SearchPlace>& oldest,
                                           std::size_t wanted) {
  std::vector<SearchPlace> places = candidates_.Collect(newest, oldest, wanted);
  for (const auto& [place, message] : pending_.messages) {
    if (place <= newest && (!oldest || place >= *oldest)) places.push_back(place);
  }
  std::sort(places.begin(), places.end(), std::greater<>());
  if (places.size() > wanted) places.resize(wanted);
  return places;
}

SearchPage Searcher::Run() {
  SearchPosition from;
  from.started_at = snapshot_.view().now;
  from.newest = kNewestPlace;
  if (query_.after) from = *query_.after;
  if (query_.order == SearchOrder::kNewest) {
    FillNewest(from);
  } else {
    FillBest(from);
  }
  if (const auto total = candidates_.total()) page_.total_count = *total + pending_.messages.size();
  const IndexProgress progress = ReadIndexProgress(cache_);
  page_.indexed = progress.done;
  page_.to_index = progress.total;
  page_.revision = snapshot_.revision();
  return std::move(page_);
}

void Searcher::FillNewest(const SearchPosition& from) {
  // One more than fits says whether there are more.
  std::vector<SearchPlace> places = Collect(from.newest, std::nullopt, limit_ + 1);
  if (places.size() > limit_) {
    places.pop_back();
    page_.next = SearchPosition{from.started_at, Below(places.back()), {}, {}};
  }
  for (const SearchPlace& place : places) Add(place);
}

void Searcher::FillBest(SearchPosition from) {
  std::vector<SearchPlace> group = Collect(from.newest, from.oldest, limits::kSearchRanked + 1);
  if (group.empty()) return;
  if (!from.oldest) {
    const bool is_last = group.size() <= limits::kSearchRanked;
    if (!is_last) group.pop_back();
    from.newest = group.front();
    from.oldest = is_last ? kOldestPlace : group.back();
  }
  std::vector<Ranked> ranked;
  for (const SearchPlace& place : group) {
    const Ranked next{ScoreOf(place, from.started_at), place};
    if (!from.last || next < *from.last) ranked.push_back(next);
  }
  std::sort(ranked.begin(), ranked.end(), std::greater<>());
  const std::size_t count = std::min<std::size_t>(ranked.size(), limit_);
  for (std::size_t i = 0; i < count; ++i) Add(ranked[i].place);
  if (count < ranked.size()) {
    page_.next = from;
    page_.next->last = ranked[count - 1];
  } else if (*from.oldest != kOldestPlace) {
    page_.next = SearchPosition{from.started_at, Below(*from.oldest), {}, {}};
  }
}

double Searcher::RelevanceOf(std::string_view content) {
  const auto places = matcher_.Find(FirstBytes(content, limits::kSearchRankedBytes));
  return Relevance(places, matcher_.wanted_terms(), content.size());
}

std::uint32_t Searcher::ScoreOf(const SearchPlace& place, WallTime started_at) {
  const auto pending = pending_.messages.find(place);
  const double relevance = pending != pending_.messages.end()
                               ? RelevanceOf(pending->second.content)
                               : RelevanceOf(ContentAt(cache_, place.key));
  const std::chrono::duration<double> age =
      std::max(started_at - place.created_at, std::chrono::milliseconds(0));
  const double freshness = std::exp2(-age / std::chrono::duration<double>(kHalfFresh));
  return static_cast<std::uint32_t>(1e6 * relevance * (1 + freshness) / 2);
}

void Searcher::Add(const SearchPlace& place) {
  SearchResult result;
  const auto pending = pending_.messages.find(place);
  if (pending != pending_.messages.end()) {
    result.message = pending->second;
  } else if (auto message = MessageAt(cache_, place.key)) {
    result.message = *std::move(message);
  } else {
    return;
  }
  std::string content = std::exchange(result.message.content, {});
  if (result.message.change) result.message.change->content.clear();
  result.snippet = MakeSnippet(content, matcher_.Find(content));
  result.conversation_title = TitleOf(result.message.conversation);
  page_.results.push_back(std::move(result));
}

const std::string& Searcher::TitleOf(const ConversationId& id) {
  const auto [found, is_new] = titles_.try_emplace(id);
  if (is_new) {
    if (auto row = FindConversation(cache_, id)) found->second = std::move(row->title);
  }
  return found->second;
}

}  // namespace

Result<SearchPage> Search(const Snapshot& snapshot, const SearchQuery& query,
                          const std::vector<SearchTerm>& terms) {
  TextMatcher matcher(terms, snapshot.cache().search_words());
  if (matcher.wanted_terms() == 0)
    return Fail(ErrorCode::kInvalidArgument, "there is no word to look for in the search");
  if (matcher.words() > limits::kSearchWords) {
    return Fail(ErrorCode::kInvalidArgument,
                "the search has more than " + std::to_string(limits::kSearchWords) + " words");
  }
  std::optional<std::int64_t> conversation;
  if (query.conversation) {
    const auto row = FindConversation(snapshot.cache(), *query.conversation);
    if (!row) return Fail(ErrorCode::kNotFound, "no such conversation");
    conversation = row->key;
  }
  return Searcher(snapshot, query, matcher, conversation).Run();
}

}  // namespace hark::store
