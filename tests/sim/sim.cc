// tools/dev sim: many simulated lives, one seed each.
//
//   sim [--seeds N] [--from SEED] [--log]
//
// Exit code 1 if one of them ended wrong; each prints how to live it again. --log shows what the
// daemon says.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/base/log.h"
#include "tests/sim/world.h"

namespace {

struct Options {
  std::uint64_t seeds = 1'000;
  std::uint64_t from = 1;
  bool log = false;
};

bool Parse(int count, char** arguments, Options& options) {
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--log") == 0) {
      options.log = true;
      continue;
    }
    if (i + 1 == count) return false;
    const std::uint64_t value = std::strtoull(arguments[i + 1], nullptr, 10);
    const char* name = arguments[i++];
    if (std::strcmp(name, "--seeds") == 0) {
      options.seeds = value;
    } else if (std::strcmp(name, "--from") == 0) {
      options.from = value;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!Parse(count, arguments, options)) {
    std::fprintf(stderr, "usage: sim [--seeds N] [--from SEED] [--log]\n");
    return 2;
  }
  hark::log::SetLevel(options.log ? hark::log::Level::kInfo : hark::log::Level::kOff);
  std::uint64_t failed = 0;
  hark::sim::World::Counts all;
  for (std::uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    hark::sim::World world(seed);
    const std::string wrong = world.Live();
    all.crashes += world.counts().crashes;
    all.sends += world.counts().sends;
    all.edits += world.counts().edits;
    all.cancels += world.counts().cancels;
    if (wrong.empty()) continue;
    ++failed;
    std::printf("seed %llu: %s\n  again: tools/dev sim --seeds 1 --from %llu\n",
                static_cast<unsigned long long>(seed), wrong.c_str(),
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
  }
  std::printf(
      "%llu lives from seed %llu: %llu crashes, %llu sends, %llu edits, %llu cancelled; %llu wrong",
      static_cast<unsigned long long>(options.seeds), static_cast<unsigned long long>(options.from),
      static_cast<unsigned long long>(all.crashes), static_cast<unsigned long long>(all.sends),
      static_cast<unsigned long long>(all.edits), static_cast<unsigned long long>(all.cancels),
      static_cast<unsigned long long>(failed));
  if (failed == 0)
    std::printf(" (95 %% bound: %.4f %%)",
                std::min(100.0, 300.0 / static_cast<double>(options.seeds)));
  std::printf("\n");
  return failed == 0 ? 0 : 1;
}
