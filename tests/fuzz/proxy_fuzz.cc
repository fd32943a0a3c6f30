// What a proxy answers, and the settings that come from the environment. The first byte chooses:
// 'A' an answer, 'U' a proxy's URL, 'P' pins, and otherwise the exceptions of a proxy with the
// backend's URL in their first line. Beside not crashing: an answer is judged alike however it is
// cut into pieces, pins are written as they were read, and no sentence repeats what it is about.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daemon/base/limits.h"
#include "daemon/transport/endpoint.h"
#include "daemon/transport/pins.h"
#include "daemon/transport/proxy.h"
#include "daemon/transport/proxy_answer.h"

namespace {

using hark::Error;
using hark::Result;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Ours are sentences of ASCII, with nothing of a stranger in them but a status of three digits.
void RequireSentence(const Error& error) {
  for (const char c : error.message) Require(c >= ' ' && c < 0x7F);
}

// As OpenTunnel() reads it, `step` bytes at a time.
Result<bool> ReadInSteps(std::string_view answer, std::size_t step) {
  for (std::size_t size = step; size < answer.size(); size += step) {
    Result<bool> open = hark::transport::ReadProxyAnswer(answer.substr(0, size));
    if (!open || *open) return open;
  }
  return hark::transport::ReadProxyAnswer(answer);
}

void Answer(std::string_view bytes) {
  const Result<bool> whole = ReadInSteps(bytes, bytes.size() + 1);
  const Result<bool> slow = ReadInSteps(bytes, 1);
  if (!whole) RequireSentence(whole.error());
  if (!slow) RequireSentence(slow.error());
  // What is refused whole may have been a tunnel before its last bytes came, and nothing else.
  if (whole && *whole) Require(slow && *slow);
  if (!slow) Require(!whole);
  if (whole && !*whole) Require(slow && !*slow);
}

void Url(std::string_view bytes) {
  const auto proxy = hark::transport::ParseProxy(bytes);
  if (!proxy) return RequireSentence(proxy.error());
  Require(!proxy->host.empty() && proxy->port != 0);
  for (const char c : proxy->host) Require(c > ' ' && c < 0x7F);
  for (const char c : proxy->authorization.bytes()) Require(c >= ' ' && c < 0x7F);
}

void Pins(std::string_view bytes) {
  const auto pins = hark::transport::ParsePins(bytes);
  if (!pins) return RequireSentence(pins.error());
  Require(!pins->empty() && pins->size() <= hark::limits::kPins);
  for (const auto& pin : *pins) {
    const auto again = hark::transport::ParsePins(hark::transport::PinText(pin));
    Require(again && again->size() == 1 && again->front() == pin);
  }
}

void Exceptions(std::string_view bytes) {
  const std::size_t line = bytes.find('\n');
  if (line == std::string_view::npos) return;
  const auto endpoint = hark::transport::ParseEndpoint(bytes.substr(0, line));
  if (!endpoint) return RequireSentence(endpoint.error());
  for (const char c : endpoint->host_header) Require(c > ' ' && c < 0x7F);
  const std::string_view exceptions = bytes.substr(line + 1);
  const bool excepted = hark::transport::IsExcepted(*endpoint, exceptions);
  // One more exception takes none away.
  if (excepted)
    Require(hark::transport::IsExcepted(*endpoint, std::string(exceptions) + ",other.example"));
  Require(hark::transport::IsExcepted(*endpoint, std::string(exceptions) + ",*"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'A': Answer(bytes); break;
    case 'U': Url(bytes); break;
    case 'P': Pins(bytes); break;
    default: Exceptions(bytes); break;
  }
  return 0;
}
