#include "tools/backend/line_reader.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <sys/stat.h>
#include <zstd.h>

#include "tools/backend/limits.h"

namespace hark::backend {
namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
constexpr unsigned char kZstdMagic[] = {0x28, 0xB5, 0x2F, 0xFD};

}  // namespace

Result<std::unique_ptr<LineReader>> LineReader::Open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  struct stat status{};
  // What cannot be read from the beginning again would be checked, and then found empty.
  if (file == nullptr || fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
    const std::string reason = file == nullptr ? std::generic_category().message(errno)
                                               : "it is not a file that can be read twice";
    if (file != nullptr) std::fclose(file);
    return Fail(ErrorCode::kInvalid, "cannot read " + path + ": " + reason);
  }
  std::unique_ptr<LineReader> reader(
      new LineReader(file, static_cast<std::uint64_t>(status.st_size)));
  if (auto more = reader->Fill(); !more) return tl::unexpected<Error>(more.error());
  if (reader->input_end_ >= sizeof kZstdMagic &&
      std::memcmp(reader->input_.data(), kZstdMagic, sizeof kZstdMagic) == 0) {
    reader->zstd_ = ZSTD_createDCtx();
  }
  return reader;
}

LineReader::LineReader(std::FILE* file, std::uint64_t file_size)
    : file_(file), file_size_(file_size), input_(kInputBytes) {}

LineReader::~LineReader() {
  std::fclose(file_);
  if (zstd_ != nullptr) ZSTD_freeDCtx(zstd_);
}

Result<bool> LineReader::Fill() {
  input_begin_ = 0;
  input_end_ = std::fread(input_.data(), 1, input_.size(), file_);
  if (std::ferror(file_) != 0) return Fail(ErrorCode::kInvalid, "the file cannot be read");
  bytes_read_ += input_end_;
  return input_end_ > 0;
}

Result<void> LineReader::Decompress() {
  if (zstd_ == nullptr) {
    text_.append(input_.data() + input_begin_, input_end_ - input_begin_);
    input_begin_ = input_end_;
    return {};
  }
  const std::size_t before = text_.size();
  text_.resize(before + kInputBytes);
  ZSTD_inBuffer in{input_.data(), input_end_, input_begin_};
  ZSTD_outBuffer out{text_.data(), text_.size(), before};
  const std::size_t code = ZSTD_decompressStream(zstd_, &out, &in);
  text_.resize(out.pos);
  input_begin_ = in.pos;
  if (ZSTD_isError(code) != 0) {
    return Fail(ErrorCode::kInvalid, "the file is damaged: it does not decompress");
  }
  mid_frame_ = code != 0;
  text_pending_ = out.pos == out.size;
  return {};
}

Result<bool> LineReader::More() {
  while (true) {
    if (input_begin_ < input_end_ || text_pending_) {
      const std::size_t before = text_.size();
      if (auto good = Decompress(); !good) return tl::unexpected<Error>(good.error());
      if (text_.size() > before) return true;
      continue;
    }
    const auto filled = Fill();
    if (!filled) return filled;
    if (*filled) continue;
    if (mid_frame_) return Fail(ErrorCode::kInvalid, "the file is damaged: it ends too early");
    return false;
  }
}

Result<bool> LineReader::Next(std::string* line) {
  std::size_t searched = text_begin_;
  while (true) {
    const std::size_t end = text_.find('\n', searched);
    if (end != std::string::npos) {
      line->assign(text_, text_begin_, end - text_begin_);
      text_begin_ = end + 1;
      return true;
    }
    text_.erase(0, text_begin_);
    text_begin_ = 0;
    searched = text_.size();
    if (searched > kMaxImportLineBytes) {
      return Fail(ErrorCode::kInvalid, "the line is longer than 64 MiB");
    }
    const auto more = More();
    if (!more) return more;
    if (*more) continue;
    if (text_.empty()) return false;
    line->swap(text_);
    text_.clear();
    return true;
  }
}

}  // namespace hark::backend
