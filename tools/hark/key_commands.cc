// hark admin: the keys; and how 'hark status' shows them.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/input.h"
#include "tools/hark/key_text.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

using State = client::KeyStatus::State;

// With dashes and spaces.
constexpr std::size_t kCodeBytes = 254;

std::string_view WordOf(State state) {
  switch (state) {
    case State::kNone: return "none";
    case State::kReady: return "ready";
    case State::kLocked: return "locked";
    case State::kMissing: return "missing";
    case State::kWrongKey: return "wrong_key";
    case State::kKeyStoreChanged: return "key_store_changed";
    case State::kCorrupt: return "corrupt";
    case State::kUnknown: break;
  }
  return "unknown";
}

std::string_view TitleOf(State state) {
  switch (state) {
    case State::kNone: return "none yet: made at the first sign-in";
    case State::kReady: return "ready";
    case State::kLocked: return "LOCKED";
    case State::kMissing: return "MISSING";
    case State::kWrongKey: return "WRONG KEY";
    case State::kKeyStoreChanged: return "KEY STORE CHANGED";
    case State::kCorrupt: return "CORRUPT";
    case State::kUnknown: break;
  }
  return "unknown";
}

int ShowKeys(Session& session, const client::Result<client::KeyStatus>& keys) {
  if (!keys) return Report(keys.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "keys");
    AddFields(line, *keys);
    session.output.Json(line);
  } else {
    session.output.Line("keys: " + KeySentence(*keys));
  }
  return kOk;
}

}  // namespace

void AddFields(JsonLine& line, const client::KeyStatus& keys) {
  line.Text("key_state", std::string(WordOf(keys.state))).Text("key_kind", keys.kind);
  line.Number("key_generation", keys.generation);
  line.Flag("recovery_code", keys.has_recovery_code).Text("key_sentence", keys.sentence);
}

std::string KeySentence(const client::KeyStatus& keys) {
  std::string sentence(TitleOf(keys.state));
  if (keys.state == State::kReady) {
    sentence += ", in the key store '" + Printable(keys.kind) + "', generation " +
                std::to_string(keys.generation);
    sentence += keys.has_recovery_code ? ", with a recovery code" : ", without a recovery code";
  }
  if (!keys.sentence.empty()) sentence += ": " + Printable(keys.sentence);
  return sentence;
}

Style StyleOf(State state) {
  return state == State::kReady || state == State::kNone ? Style::kPlain : Style::kRed;
}

int RotateKey(Session& session) {
  client::RotateKeyRequest request;
  request.full = session.arguments.full;
  request.to = session.arguments.text;
  const auto done = session.client.RotateKey(request);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "key_rotated").Number("generation", done->generation);
    line.Number("files", done->files).Flag("recovery_code_dropped", done->recovery_code_dropped);
    session.output.Json(line);
    return kOk;
  }
  session.output.Line("The master key is a new one (generation " +
                      std::to_string(done->generation) + "); the old one opens nothing any more.");
  if (done->files > 0)
    session.output.Line(std::to_string(done->files) + " files were written anew under new keys.");
  if (!request.to.empty()) {
    session.output.Line(
        "If harkd is started with --key-source, or with 'kind' under [keys], that has to be '" +
        Printable(request.to) + "' from the next start on, or go.");
  }
  if (done->recovery_code_dropped) {
    session.output.Line(
        "The recovery code of before does not fit any more. Make another: hark admin "
        "recovery-code");
  }
  return kOk;
}

int CreateRecoveryCode(Session& session) {
  const auto code = session.client.CreateRecoveryCode();
  if (!code) return Report(code.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "recovery_code").Text("code", *code);
    session.output.Json(line);
    return kOk;
  }
  session.output.Line(*code);
  session.output.Line(
      "Write it down and keep it apart from this machine: it is shown this once and kept nowhere. "
      "With it, 'hark admin recover' opens your conversations when the key store is lost. A code "
      "of before does not fit any more.");
  return kOk;
}

int Recover(Session& session) {
  std::string code = AskSecret("Recovery code", kCodeBytes);
  const auto keys = session.client.Recover(code);
  Wipe(code);
  return ShowKeys(session, keys);
}

}  // namespace hark::cli
