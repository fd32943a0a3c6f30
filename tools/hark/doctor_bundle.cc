// The report of hark doctor for who helps.

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/hark/doctor.h"
#include "tools/hark/openmetrics.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

constexpr const char* kHidden = "…";
// A long row of these characters is an id or a token.
constexpr std::size_t kIdCharacters = 20;
// Fields of the log whose values are ours: words of a closed list, sentences. Numbers always are.
constexpr std::array<std::string_view, 5> kHarmless{"key", "kind", "state", "version", "why"};

bool IsIdCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

void ReplaceAll(std::string& text, const std::string& what, const std::string& by) {
  if (what.empty()) return;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// As a word of its own: a user called "ark" is no part of "hark".
void ReplaceWord(std::string& text, const std::string& word, const std::string& by) {
  if (word.empty()) return;
  for (std::size_t at = text.find(word); at != std::string::npos;) {
    const std::size_t end = at + word.size();
    const bool whole = (at == 0 || !IsIdCharacter(text[at - 1])) &&
                       (end == text.size() || !IsIdCharacter(text[end]));
    if (whole) text.replace(at, word.size(), by);
    at = text.find(word, at + (whole ? by.size() : 1));
  }
}

// Rows of id characters with a digit in them that are too long for a word.
std::string WithoutIds(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && IsIdCharacter(text[end])) ++end;
    const std::string run = text.substr(at, end - at);
    const bool has_digit = std::ranges::any_of(
        run, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
    result += run.size() >= kIdCharacters && has_digit ? kHidden : run;
    if (end < text.size()) result += text[end++];
    at = end;
  }
  return result;
}

// Of each address: what stands before an @, and what follows a ? or #.
std::string WithoutCredentials(const std::string& text) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t scheme = text.find("://"); scheme != std::string::npos;
       scheme = text.find("://", at)) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'", begin), text.size());
    std::string address = text.substr(begin, end - begin);
    const std::size_t host_end = std::min(address.find_first_of("/?#"), address.size());
    const std::size_t sign = address.rfind('@', host_end);
    if (const std::size_t query = address.find_first_of("?#"); query != std::string::npos)
      address = address.substr(0, query + 1) + kHidden;
    if (sign != std::string::npos && sign < host_end) address = kHidden + address.substr(sign);
    result += text.substr(at, begin - at) + address;
    at = end;
  }
  return result + text.substr(at);
}

// Of a value that the log put into quotes or not.
std::string Bare(const std::string& value) {
  return value.size() >= 2 && value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

bool IsNumber(const std::string& value) {
  return !value.empty() && value.size() < kIdCharacters &&
         std::ranges::all_of(
             value, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
}

// What our own sentences put between quotes came from somewhere else.
std::string WithoutQuoted(const std::string& text) {
  std::string result;
  bool inside = false;
  for (const char c : text) {
    if (c == '\'') {
      inside = !inside;
      if (inside) result.append("'").append(kHidden);
    }
    if (!inside) result += c;
  }
  return result;
}

// The end of the field that begins at `at`: a blank outside quotes.
std::size_t FieldEnd(const std::string& line, std::size_t at) {
  bool quoted = false;
  for (; at < line.size(); ++at) {
    if (line[at] == '\\' && quoted) {
      ++at;
    } else if (line[at] == '"') {
      quoted = !quoted;
    } else if (line[at] == ' ' && !quoted) {
      break;
    }
  }
  return std::min(at, line.size());
}

std::string UserName() {
  const struct passwd* const entry =
      ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): one thread
  return entry == nullptr ? std::string() : std::string(entry->pw_name);
}

std::string SystemWords() {
  struct utsname system{};
  if (::uname(&system) != 0) return "unknown";
  return std::string(system.sysname) + " " + system.release + " " + system.machine;
}

std::string_view NameOf(Verdict verdict) {
  return verdict == Verdict::kGood ? "good" : verdict == Verdict::kWarning ? "warning" : "problem";
}

std::string PropertiesText(const std::map<std::string, std::string>& properties) {
  std::string text;
  for (const auto& [name, value] : properties) text.append(name).append("=").append(value) += '\n';
  return text;
}

}  // namespace

std::string Redacted(std::string text, const std::string& home, const std::string& user) {
  text = WithoutCredentials(text);
  if (home.size() > 1) ReplaceAll(text, home, "~");
  ReplaceWord(text, user, kHidden);
  ReplaceAll(text, "/run/user/" + std::to_string(::geteuid()), "/run/user/…");
  return WithoutIds(text);
}

std::string RedactedLogLine(const std::string& line) {
  const std::size_t event_end = std::min(line.find(' '), line.size());
  std::string shown = line.substr(0, event_end);
  const bool event = !shown.empty() && std::ranges::all_of(shown, [](char c) {
    return std::islower(static_cast<unsigned char>(c)) != 0 || c == '_';
  });
  // Not an event of ours, so nothing is known of it.
  if (!event) return kHidden;
  for (std::size_t at = event_end; at < line.size();) {
    ++at;
    const std::size_t end = FieldEnd(line, at);
    const std::string field = line.substr(at, end - at);
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string name = field.substr(0, equals);
    const std::string value =
        equals < field.size() ? Bare(field.substr(equals + 1)) : std::string();
    const bool harmless = std::ranges::find(kHarmless, name) != kHarmless.end();
    shown += " " + (equals < field.size() ? name : std::string(kHidden)) + "=";
    shown += IsNumber(value) ? value : harmless ? WithoutQuoted(value) : kHidden;
    at = end;
  }
  return shown;
}

std::string MakeBundle(const Surroundings& around, const std::vector<Finding>& findings,
                       const std::string& log) {
  std::string text =
      "A report of hark doctor. Your name, home folder, ids and what may be a password or a token "
      "were\n"
      "taken out; read it before you share it, and take out what else you want to keep to "
      "yourself.\n";
  text += "\n== Versions\nhark " HARK_VERSION "\n";
  if (around.daemon.version) {
    text += "harkd " + around.daemon.version->version + ", API " +
            std::to_string(around.daemon.version->api_major) + "." +
            std::to_string(around.daemon.version->api_minor) + ", SQLCipher " +
            around.daemon.version->cipher_version + "\n";
  }
  text += SystemWords() + "\n\n== Findings\n";
  for (const Finding& finding : findings) {
    text += PadRight(std::string(NameOf(finding.verdict)), 7) + "  " + finding.check + ": " +
            finding.what + (finding.mend.empty() ? "" : " -> " + finding.mend) + "\n";
  }
  text += "\n== Configuration\n" + around.config.text;
  text += "\n== Service\n" + PropertiesText(around.service_unit);
  text += "\n== Socket unit\n" + PropertiesText(around.socket_unit);
  if (around.daemon.statistics && around.daemon.version && around.daemon.status) {
    text += "\n== Statistics\n" +
            OpenMetrics(*around.daemon.statistics, *around.daemon.version, *around.daemon.status);
  }
  text += "\n== Log\n";
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = std::min(log.find('\n', at), log.size());
    text += RedactedLogLine(log.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return Redacted(std::move(text), Home(), UserName());
}

}  // namespace hark::cli
