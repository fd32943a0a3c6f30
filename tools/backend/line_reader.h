#ifndef HARK_TOOLS_BACKEND_LINE_READER_H_
#define HARK_TOOLS_BACKEND_LINE_READER_H_

// The lines of a text file, compressed with zstd or not (told by its first bytes). A line has a
// greatest length, so that a compressed file of one endless line does not fill the memory.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tools/backend/result.h"

struct ZSTD_DCtx_s;

namespace hark::backend {

class LineReader {
 public:
  static Result<std::unique_ptr<LineReader>> Open(const std::string& path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // False at the end of the file.
  Result<bool> Next(std::string* line);

  // Of the file as it is on disk, for progress.
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] std::uint64_t file_size() const { return file_size_; }

 private:
  LineReader(std::FILE* file, std::uint64_t file_size);
  Result<bool> Fill();        // More of the file; false at its end.
  Result<void> Decompress();  // More text from what was read.
  Result<bool> More();        // More text; false at the end.

  std::FILE* file_;
  std::uint64_t file_size_;
  std::uint64_t bytes_read_ = 0;
  std::vector<char> input_;
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  bool mid_frame_ = false;     // A compressed frame has begun and not ended.
  bool text_pending_ = false;  // The decompressor holds text that found no room.
  ZSTD_DCtx_s* zstd_ = nullptr;
  std::string text_;
  std::size_t text_begin_ = 0;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_LINE_READER_H_
