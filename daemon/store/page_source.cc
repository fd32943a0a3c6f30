#include "daemon/store/page_source.h"

#include <algorithm>
#include <cstddef>

namespace hark::store {
namespace {

// A file with fewer pages is looked at whole for a page that proves the key.
constexpr std::uint32_t kSample = 1'024;
constexpr std::uint32_t kSampledLogFrames = 64;
constexpr std::uint64_t kFirstFrame = 32 + 24;
constexpr std::uint64_t kFrameBytes = 24 + kFilePageBytes;
constexpr std::size_t kPageCountOffset = 28;

std::uint32_t PagesOf(const Descriptor& file) {
  return file.valid() ? static_cast<std::uint32_t>(SizeOf(file.get()) / kFilePageBytes) : 0;
}

}  // namespace

void VersionSpan::Add(const SourcePage& page) {
  oldest = std::min(oldest, page.offset);
  newest = std::max(newest, page.committed_at);
}

PageSource::PageSource(const std::filesystem::path& file, const Secret& key,
                       const std::string& known_salt, LogPart part, Unread unread)
    : unread_(unread), file_(Open(file)), log_(Open(file.string() + "-wal")) {
  const std::string present = FirstBytes();
  for (const std::string& salt : {present, known_salt, SaltInLog()}) {
    if (salt.size() != kSaltBytes || !ProveWith(key, salt)) continue;
    proven_ = true;
    salt_ = salt;
    salt_is_damaged_ = salt != present;
    break;
  }
  if (!proven_) return;
  const std::string index =
      part == LogPart::kIndexed ? ReadIndex(file.string() + "-shm") : std::string();
  wal_ = ScanWal(log_.get(), *cipher_, PagesOf(file_), index);
  if (wal_.unread && unread_ == Unread::kUndecided && reading_ == Reading::kWorks)
    reading_ = Reading::kLacksPages;
  if (part == LogPart::kUsed) wal_.frames.resize(wal_.used);
  NoteVersions();
  CountPages();
}

Descriptor PageSource::Open(const std::filesystem::path& file) {
  auto opened = OpenIfThere(file);
  if (opened) return *std::move(opened);
  reading_ = Reading::kFails;
  return Descriptor();
}

bool PageSource::ReadFrom(const Descriptor& file, std::uint64_t offset, std::string& bytes) const {
  if (!file.valid()) return false;
  const RawRead read = ReadAt(file.get(), offset, bytes);
  if (read == RawRead::kFailed && unread_ == Unread::kUndecided && reading_ == Reading::kWorks)
    reading_ = Reading::kLacksPages;
  return read == RawRead::kDone;
}

std::string PageSource::FirstBytes() const {
  std::string bytes(kSaltBytes, '\0');
  return ReadFrom(file_, 0, bytes) ? bytes : std::string();
}

// Page 1 in the log begins with the salt too.
std::string PageSource::SaltInLog() const {
  std::string bytes(kSaltBytes, '\0');
  std::string number(4, '\0');
  for (std::uint64_t i = 0; i < kSampledLogFrames; ++i) {
    const std::uint64_t page = kFirstFrame + i * kFrameBytes;
    if (!ReadFrom(log_, page - 24, number) || !ReadFrom(log_, page, bytes)) break;
    if (BigEndian(number.data()) == 1) return bytes;
  }
  return {};
}

std::string PageSource::ReadIndex(const std::filesystem::path& file) {
  const Descriptor index = Open(file);
  std::string bytes(kIndexBytes, '\0');
  return ReadFrom(index, 0, bytes) ? bytes : std::string();
}

void PageSource::NoteVersions() {
  std::size_t begin = 0;  // Of the transaction.
  for (std::size_t i = 0; i < wal_.frames.size(); ++i) {
    if (wal_.frames[i].commit_pages == 0) continue;
    for (; begin <= i; ++begin) {
      const WalFrame& frame = wal_.frames[begin];
      if (frame.page == 0) {
        unplaced_.push_back(frame.offset);
      } else {
        in_log_[frame.page].push_back({frame.offset, wal_.frames[i].offset, frame.whole});
      }
    }
  }
}

bool PageSource::ProveWith(const Secret& key, const std::string& salt) {
  cipher_.emplace(key, salt);
  const std::uint32_t pages = PagesOf(file_);
  const std::uint32_t step = std::max<std::uint32_t>(1, pages / kSample);
  std::string page(kFilePageBytes, '\0');
  for (std::uint32_t number = 1; number <= pages; number += step) {
    if (ReadRaw(number, page) && cipher_->Verifies(page, number)) return true;
  }
  std::string page_number(4, '\0');
  for (std::uint64_t i = 0; i < kSampledLogFrames; ++i) {
    const std::uint64_t at = kFirstFrame + i * kFrameBytes;
    if (!ReadFrom(log_, at - 24, page_number) || !ReadFrom(log_, at, page)) break;
    const std::uint32_t number = BigEndian(page_number.data());
    if (number > 0 && cipher_->Verifies(page, number)) return true;
  }
  return false;
}

void PageSource::CountPages() {
  const std::uint64_t bytes = file_.valid() ? SizeOf(file_.get()) : 0;
  if (!wal_.frames.empty()) {
    told_page_count_ = wal_.frames.back().commit_pages;
  } else if (const auto first = Read(1)) {
    told_page_count_ = BigEndian(first->bytes.data() + kPageCountOffset);
  }
  page_count_ = std::max(told_page_count_,
                         static_cast<std::uint32_t>((bytes + kFilePageBytes - 1) / kFilePageBytes));
  for (const auto& [number, versions] : in_log_) page_count_ = std::max(page_count_, number);
}

bool PageSource::ReadRaw(std::uint32_t number, std::string& page) const {
  page.resize(kFilePageBytes);
  return number > 0 && ReadFrom(file_, std::uint64_t{number - 1} * kFilePageBytes, page);
}

std::optional<SourcePage> PageSource::Read(std::uint32_t number) const {
  if (!proven_ || number == 0) return std::nullopt;
  std::string page(kFilePageBytes, '\0');
  bool stale = false;
  if (const auto found = in_log_.find(number); found != in_log_.end()) {
    for (auto version = found->second.rbegin(); version != found->second.rend(); ++version) {
      if (version->whole && ReadFrom(log_, version->offset, page)) {
        if (auto plain = cipher_->Decrypt(page, number))
          return SourcePage{*std::move(plain), stale, version->offset, version->committed_at};
      }
      stale = true;
    }
  }
  if (!ReadRaw(number, page)) return std::nullopt;
  auto plain = cipher_->Decrypt(page, number);
  if (!plain) return std::nullopt;
  return SourcePage{*std::move(plain), stale};
}

bool PageSource::AreOfOneState(const VersionSpan& span) const {
  const auto next = std::upper_bound(unplaced_.begin(), unplaced_.end(), span.oldest);
  return next == unplaced_.end() || *next > span.newest;
}

bool PageSource::IsLostPartCopied() const {
  std::string logged(kFilePageBytes, '\0');
  std::string copied;
  return std::any_of(wal_.frames.begin() + static_cast<std::ptrdiff_t>(wal_.used),
                     wal_.frames.end(), [&](const WalFrame& frame) {
                       return frame.whole && ReadFrom(log_, frame.offset, logged) &&
                              ReadRaw(frame.page, copied) && copied == logged;
                     });
}

bool PageSource::IsZeroed(std::uint32_t number) const {
  std::string page;
  return !in_log_.contains(number) && ReadRaw(number, page) && IsZero(page);
}

}  // namespace hark::store
