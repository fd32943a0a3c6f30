// A search over one snapshot.

#ifndef HARK_DAEMON_STORE_SEARCHER_H_
#define HARK_DAEMON_STORE_SEARCHER_H_

#include <vector>

#include "daemon/base/result.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/search.h"
#include "daemon/store/search_query.h"

namespace hark::store {

// `terms` are those of `query.text`. Errors as of Reader::Search().
[[nodiscard]] Result<SearchPage> Search(const Snapshot& snapshot, const SearchQuery& query,
                                        const std::vector<SearchTerm>& terms);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCHER_H_
