// The hark binary against a fake daemon.

#ifndef HARK_TESTS_UNIT_HARK_CLI_CLI_FIXTURE_H_
#define HARK_TESTS_UNIT_HARK_CLI_CLI_FIXTURE_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"
#include "tests/unit/client_sdk/fake_daemon.h"
#include "tests/unit/hark_cli/cli_process.h"

namespace hark::test {

// What the daemon has from the beginning is put in by the constructor of the test.
class CliFixture : public testing::Test {
 protected:
  void SetUp() override { daemon_.Start(); }

  CliResult Run(std::vector<std::string> arguments, const std::string& input = {}) {
    return RunCli(path_, std::move(arguments), input);
  }

  static std::size_t Lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "harkd.sock";
  FakeDaemon daemon_{path_};
};

}  // namespace hark::test

#endif  // HARK_TESTS_UNIT_HARK_CLI_CLI_FIXTURE_H_
