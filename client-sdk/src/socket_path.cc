// The default place of the daemon's socket.

#include <cstdlib>
#include <string>

#include <unistd.h>

#include "hark/client.h"

namespace hark::client {
namespace {

// Empty when it is not set.
std::string Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): documented in client.h
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string DefaultSocketPath() {
  if (std::string path = Environment("HARK_SOCKET"); !path.empty()) return path;
  if (const std::string run = Environment("XDG_RUNTIME_DIR"); !run.empty())
    return run + "/hark/harkd.sock";
  std::string temporary = Environment("TMPDIR");
  if (temporary.empty()) temporary = "/tmp";
  return temporary + "/hark-" + std::to_string(geteuid()) + "/harkd.sock";
}

}  // namespace hark::client
