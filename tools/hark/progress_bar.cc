#include "tools/hark/progress_bar.h"

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace hark::cli {

std::string BarText(const std::string& what, int percent) {
  constexpr int kWidth = 20;
  const auto filled = static_cast<std::size_t>(percent * kWidth / 100);
  const std::string number = std::to_string(percent);
  return what + "  [" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " +
         std::string(number.size() < 3 ? 3 - number.size() : 0, ' ') + number + " %";
}

ProgressBar::ProgressBar(std::string what, bool wanted)
    : what_(std::move(what)), shown_(wanted && isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (percent_ >= 0) std::fputs("\r\x1b[K", stderr);
}

void ProgressBar::Show(std::uint64_t done, std::uint64_t total) {
  if (!shown_ || total == 0) return;
  const int percent = done >= total ? 100 : static_cast<int>(done * 100 / total);
  if (percent == percent_) return;
  percent_ = percent;
  std::fprintf(stderr, "\r%s", BarText(what_, percent).c_str());
  std::fflush(stderr);
}

}  // namespace hark::cli
