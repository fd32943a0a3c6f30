// Takes the power away from stores in use, or kills them, at random operations on the disk, and
// counts what was promised and is not kept.
//
//   powerloss [--crashes N] [--seed S]
//
// A control run, in which the syncs of authored.db's log do nothing, has to lose something:
// otherwise the first run proves nothing.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <system_error>

#include "daemon/base/log.h"
#include "tests/fault/power_life.h"

namespace hark::fault {
namespace {

// Of one store, one after the other. Each store has a seed of its own.
constexpr std::uint64_t kCrashesOfALife = 10;
// Enough for the control run: it loses something in most lives.
constexpr std::uint64_t kControlCrashes = 100;

Findings RunLives(std::uint64_t seed, std::uint64_t crashes, bool is_control) {
  Findings all;
  while (all.crashes < crashes) {
    const std::uint64_t left = crashes - all.crashes;
    PowerLife life(seed, is_control);
    Findings found = life.Run(std::min(left, kCrashesOfALife));
    if (!is_control && found.wrong() > 0) {
      std::cout << "seed " << seed << ": " << found.lost << " lost, " << found.returned
                << " returned, " << found.doubled << " doubled, " << found.revisions_back
                << " revisions back, " << found.cursors_ahead << " cursors ahead, "
                << found.marks_lost << " marks lost, " << found.unopened << " not opened, "
                << found.false_alarms << " false alarms\n"
                << "  replay: tools/dev powerloss --seed " << seed << " --crashes "
                << kCrashesOfALife << "\n";
    }
    all.Add(found);
    if (found.crashes == 0) break;  // It did not even open.
    ++seed;
  }
  return all;
}

int Main(std::uint64_t seed, std::uint64_t crashes) {
  std::cout << "power losses: " << crashes << ", seed " << seed << std::endl;
  const Findings found = RunLives(seed, crashes, false);
  std::cout << found.answered << " answered sends: " << found.lost << " lost, " << found.returned
            << " returned, " << found.doubled << " doubled; revisions back " << found.revisions_back
            << ", cursors ahead " << found.cursors_ahead << ", marks lost " << found.marks_lost
            << ", stores not opened " << found.unopened << ", false alarms " << found.false_alarms
            << "\n"
            << "trials " << found.crashes << ", failures " << found.wrong();
  if (found.wrong() == 0) {
    std::cout << ", at most " << 300.0 / static_cast<double>(found.crashes)
              << " % of power losses do harm (95 %, 3/n)";
  }
  std::cout << std::endl;
  const std::uint64_t control_crashes = std::min(crashes, kControlCrashes);
  const Findings control = RunLives(seed, control_crashes, true);
  std::cout << "control without syncs of authored.db's log: " << control.lost << " of "
            << control.answered << " answered sends lost in " << control.crashes << " trials\n";
  if (found.wrong() > 0) return EXIT_FAILURE;
  if (control.lost == 0 && control.crashes >= kControlCrashes) {
    std::cout << "the control run lost nothing: this test proves nothing\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}

// False: not a number.
bool ReadNumber(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace
}  // namespace hark::fault

int main(int argc, char** argv) {
  std::uint64_t crashes = 1'000;
  std::uint64_t seed = 1;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    std::uint64_t* number = name == "--crashes" ? &crashes : name == "--seed" ? &seed : nullptr;
    if (number == nullptr || i + 1 == argc || !hark::fault::ReadNumber(argv[i + 1], *number) ||
        crashes == 0) {
      std::cerr << "powerloss [--crashes N] [--seed S]\n";
      return 2;
    }
  }
  hark::log::SetLevel(hark::log::Level::kOff);  // Each lost power is many failed calls.
  return hark::fault::Main(seed, crashes);
}
