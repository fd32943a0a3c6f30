// A bar that shows how far a long command is. Only where a person sees it: on stderr, when that is
// a terminal.

#ifndef HARK_TOOLS_HARK_PROGRESS_BAR_H_
#define HARK_TOOLS_HARK_PROGRESS_BAR_H_

#include <cstdint>
#include <string>

namespace hark::cli {

// One thread at a time.
class ProgressBar {
 public:
  // `wanted` false: nothing is ever shown.
  ProgressBar(std::string what, bool wanted);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  // Leaves the line clean.
  ~ProgressBar();

  void Show(std::uint64_t done, std::uint64_t total);

 private:
  const std::string what_;
  const bool shown_;
  int percent_ = -1;  // That is on the screen.
};

// "exporting  [#####...............]  25 %"
[[nodiscard]] std::string BarText(const std::string& what, int percent);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_PROGRESS_BAR_H_
