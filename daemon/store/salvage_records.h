// The pages of SQLite's trees and the records in them, read from plain bytes that are trusted to be
// whole but not to fit together.

#ifndef HARK_DAEMON_STORE_SALVAGE_RECORDS_H_
#define HARK_DAEMON_STORE_SALVAGE_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hark::store {

struct RecordValue {
  enum class Kind : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };

  Kind kind = Kind::kNull;
  std::int64_t integer = 0;
  std::string bytes;

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
};

using Record = std::vector<RecordValue>;

enum class TreePageKind : std::uint8_t {
  kIndexInterior = 2,
  kTableInterior = 5,
  kIndexLeaf = 10,
  kTableLeaf = 13,
};

// One page of a tree. `page`: outlives this object.
class TreePage {
 public:
  // Nothing: not a page of a tree.
  [[nodiscard]] static std::optional<TreePage> Parse(std::string_view page, std::uint32_t number);

  [[nodiscard]] TreePageKind kind() const { return kind_; }
  [[nodiscard]] bool is_leaf() const {
    return kind_ == TreePageKind::kIndexLeaf || kind_ == TreePageKind::kTableLeaf;
  }
  // Interior pages of tables only lead to others.
  [[nodiscard]] bool has_rows() const { return kind_ != TreePageKind::kTableInterior; }
  [[nodiscard]] std::size_t cell_count() const { return cells_.size(); }
  // Pages below an interior page, from left to right.
  [[nodiscard]] std::vector<std::uint32_t> Children() const;

  struct Cell {
    std::int64_t rowid = 0;  // Of a table.
    std::uint64_t payload_bytes = 0;
    std::string_view local;           // What of the payload is on this page.
    std::uint32_t overflow_page = 0;  // Where the rest begins; 0: nowhere.
  };
  // Nothing: the cell has no payload (interior pages of tables), or does not fit the page.
  [[nodiscard]] std::optional<Cell> ReadCell(std::size_t index) const;

 private:
  std::string_view page_;
  TreePageKind kind_ = TreePageKind::kTableLeaf;
  std::uint32_t right_child_ = 0;
  std::vector<std::uint16_t> cells_;
};

// The plain bytes of an overflow page, if it may be used as the one that follows `from`.
using ReadOverflow =
    std::function<std::optional<std::string>(std::uint32_t number, std::uint32_t from, bool first)>;

// The whole payload; nothing when a page of its chain is not to be had, or the chain is longer or
// shorter than it has to be. `page`: where the cell is.
[[nodiscard]] std::optional<std::string> ReadPayload(const TreePage::Cell& cell, std::uint32_t page,
                                                     const ReadOverflow& read);

// Nothing: not a record.
[[nodiscard]] std::optional<Record> ParseRecord(std::string_view payload);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SALVAGE_RECORDS_H_
