#include "daemon/store/salvage_records.h"

#include <algorithm>
#include <utility>

#include "daemon/store/page_cipher.h"
#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

constexpr std::uint64_t kUsable = kUsableBytes;
constexpr std::size_t kFileHeaderBytes = 100;  // Before the tree's header on page 1.
// SQLite's own limit is 1 GB; no row of ours comes near this one.
constexpr std::uint64_t kLongestPayload = std::uint64_t{16} * 1024 * 1024;

std::uint16_t Word(std::string_view page, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(page[at]) << 8 |
                                    static_cast<unsigned char>(page[at + 1]));
}

// SQLite's integer of 1 to 9 bytes. Moves `at` behind it; false: cut short.
bool TakeVarint(std::string_view bytes, std::size_t& at, std::uint64_t& value) {
  value = 0;
  for (int i = 0; i < 9; ++i) {
    if (at >= bytes.size()) return false;
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    if (i == 8) {
      value = value << 8 | byte;
      return true;
    }
    value = value << 7 | (byte & 0x7fU);
    if ((byte & 0x80U) == 0) return true;
  }
  return true;
}

// How much of a payload stays on its page (SQLite's file format, "cell payload overflow").
std::uint64_t LocalBytes(std::uint64_t payload, bool table) {
  const std::uint64_t most = table ? kUsable - 35 : (kUsable - 12) * 64 / 255 - 23;
  if (payload <= most) return payload;
  const std::uint64_t least = (kUsable - 12) * 32 / 255 - 23;
  const std::uint64_t kept = least + (payload - least) % (kUsable - 4);
  return kept <= most ? kept : least;
}

std::int64_t SignedInteger(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

// Nothing: no value of this type begins here.
std::optional<RecordValue> TakeValue(std::string_view payload, std::size_t& at,
                                     std::uint64_t type) {
  constexpr std::uint64_t kWidths[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  using Kind = RecordValue::Kind;
  if (type == 10 || type == 11) return std::nullopt;
  const std::uint64_t width = type < 10 ? kWidths[type] : (type - 12) / 2;
  if (width > payload.size() - at) return std::nullopt;
  const std::string_view bytes = payload.substr(at, static_cast<std::size_t>(width));
  at += bytes.size();
  if (type == 0) return RecordValue{};
  if (type < 7) return RecordValue{Kind::kInteger, SignedInteger(bytes), {}};
  if (type == 7) return RecordValue{Kind::kReal, 0, std::string(bytes)};
  if (type < 10) return RecordValue{Kind::kInteger, type == 9 ? 1 : 0, {}};
  return RecordValue{type % 2 == 0 ? Kind::kBlob : Kind::kText, 0, std::string(bytes)};
}

}  // namespace

std::optional<TreePage> TreePage::Parse(std::string_view page, std::uint32_t number) {
  const std::size_t header = number == 1 ? kFileHeaderBytes : 0;
  TreePage parsed;
  parsed.page_ = page;
  switch (page[header]) {
    case 2: parsed.kind_ = TreePageKind::kIndexInterior; break;
    case 5: parsed.kind_ = TreePageKind::kTableInterior; break;
    case 10: parsed.kind_ = TreePageKind::kIndexLeaf; break;
    case 13: parsed.kind_ = TreePageKind::kTableLeaf; break;
    default: return std::nullopt;
  }
  const std::size_t count = Word(page, header + 3);
  const std::size_t pointers = header + (parsed.is_leaf() ? 8U : 12U);
  if (pointers + 2 * count > kUsableBytes) return std::nullopt;
  if (!parsed.is_leaf()) parsed.right_child_ = BigEndian(page.data() + header + 8);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t at = Word(page, pointers + 2 * i);
    if (at < pointers + 2 * count || at + 4U > kUsableBytes) return std::nullopt;
    parsed.cells_.push_back(at);
  }
  return parsed;
}

std::vector<std::uint32_t> TreePage::Children() const {
  std::vector<std::uint32_t> children;
  if (is_leaf()) return children;
  for (const std::uint16_t at : cells_) children.push_back(BigEndian(page_.data() + at));
  children.push_back(right_child_);
  return children;
}

std::optional<TreePage::Cell> TreePage::ReadCell(std::size_t index) const {
  if (kind_ == TreePageKind::kTableInterior) return std::nullopt;
  const std::string_view page = page_.substr(0, kUsableBytes);
  std::size_t at = cells_[index];
  if (kind_ == TreePageKind::kIndexInterior) at += 4;
  Cell cell;
  if (!TakeVarint(page, at, cell.payload_bytes) || cell.payload_bytes > kLongestPayload)
    return std::nullopt;
  const bool table = kind_ == TreePageKind::kTableLeaf;
  if (table) {
    std::uint64_t rowid = 0;
    if (!TakeVarint(page, at, rowid)) return std::nullopt;
    cell.rowid = static_cast<std::int64_t>(rowid);
  }
  const std::uint64_t local = LocalBytes(cell.payload_bytes, table);
  const bool overflows = local < cell.payload_bytes;
  if (at + local + (overflows ? 4 : 0) > page.size()) return std::nullopt;
  cell.local = page.substr(at, static_cast<std::size_t>(local));
  if (overflows) {
    cell.overflow_page = BigEndian(page.data() + at + local);
    if (cell.overflow_page == 0) return std::nullopt;
  }
  return cell;
}

std::optional<std::string> ReadPayload(const TreePage::Cell& cell, std::uint32_t page,
                                       const ReadOverflow& read) {
  std::string payload(cell.local);
  std::uint32_t next = cell.overflow_page;
  std::uint32_t from = page;
  while (payload.size() < cell.payload_bytes) {
    if (next == 0) return std::nullopt;
    const auto bytes = read(next, from, from == page && payload.size() == cell.local.size());
    if (!bytes) return std::nullopt;
    from = next;
    next = BigEndian(bytes->data());
    const std::uint64_t rest = cell.payload_bytes - payload.size();
    payload.append(*bytes, 4, static_cast<std::size_t>(std::min<std::uint64_t>(rest, kUsable - 4)));
  }
  if (next != 0) return std::nullopt;
  return payload;
}

std::optional<Record> ParseRecord(std::string_view payload) {
  std::size_t at = 0;
  std::uint64_t header_bytes = 0;
  if (!TakeVarint(payload, at, header_bytes) || header_bytes > payload.size()) return std::nullopt;
  const std::string_view header = payload.substr(0, static_cast<std::size_t>(header_bytes));
  std::size_t body = header.size();
  Record record;
  while (at < header.size()) {
    std::uint64_t type = 0;
    if (!TakeVarint(header, at, type)) return std::nullopt;
    auto value = TakeValue(payload, body, type);
    if (!value) return std::nullopt;
    record.push_back(*std::move(value));
  }
  if (body != payload.size()) return std::nullopt;
  return record;
}

}  // namespace hark::store
