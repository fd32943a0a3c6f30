// tools/dev sim --scripts: every order of acknowledgement, echo, loss, retry, cancel, edit, delete
// and expiry (tests/support/send_scripts.h), over the real machine and the real store. Each ends in
// one row, and one who watches the conversation gets each change once: the updates that the model
// of the store (tests/unit/sync/model_store.h) says.
//
//   send_scripts [--length N] [--first LETTERS] [--script LETTERS]
//
// `--first`: only scripts that begin with one of these events. `--script`: only that one, and what
// is heard of it. Exit code 1 if one ended wrong.

#include "tests/support/send_scripts.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "tests/sim/scripted_store.h"
#include "tests/unit/sync/send_world.h"

namespace hark::sim {
namespace {

using test::SendEvent;
using test::SendScript;

struct Options {
  std::size_t length = 6;
  SendScript first{test::kSendEvents.begin(), test::kSendEvents.end()};
  std::optional<SendScript> script;
};

bool Parse(int count, char** arguments, Options& options) {
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i];
    if (name == "--length") {
      options.length = std::strtoull(arguments[i + 1], nullptr, 10);
      continue;
    }
    const std::optional<SendScript> events = test::ParseSendScript(arguments[i + 1]);
    if (!events) return false;
    if (name == "--first") {
      options.first = *events;
    } else if (name == "--script") {
      options.script = *events;
    } else {
      return false;
    }
  }
  return count % 2 == 1;
}

const char* NameOf(Delivery delivery) {
  switch (delivery) {
    case Delivery::kQueued: return "queued";
    case Delivery::kSending: return "sending";
    case Delivery::kSent: return "sent";
    case Delivery::kFailed: return "failed";
    case Delivery::kUnknown: return "unknown";
    case Delivery::kExpired: return "expired";
    case Delivery::kCancelled: return "cancelled";
  }
  return "?";
}

// What both stores must agree on. Times and the reasons of failures are the real one's own.
std::string Describe(const sync::Update& update, const MessageId& first) {
  std::string text = update.id == first ? "first" : "second";
  if (!update.shown) return text + " removed";
  const Message& message = *update.shown;
  text += std::string(" ") + NameOf(message.delivery) + " '" + message.content + "'";
  text += " sequence " + std::to_string(message.sequence);
  text += " revision " + std::to_string(message.revision);
  if (message.deleted) text += " deleted";
  if (message.change) {
    text += message.change->kind == PendingChange::Kind::kEdit ? ", edit " : ", deletion ";
    text += NameOf(message.change->delivery);
    if (!message.change->content.empty()) text += " '" + message.change->content + "'";
  }
  return text;
}

// One message after the other: within a commit they have no order.
std::string TakeUpdates(sync::SendWorld& world, const MessageId& first) {
  std::string of_first;
  std::string of_second;
  for (const sync::Update& update : world.TakeUpdates()) {
    std::string& text = update.id == first ? of_first : of_second;
    text += "    " + Describe(update, first) + "\n";
  }
  return of_first + of_second;
}

// The same script over the model and over the real store, step by step.
class Pair {
 public:
  Pair(HandWrittenStore& store, const SendScript& script, bool tell)
      : script_(test::ToString(script)),
        tell_(tell),
        first_("first of " + script_),
        real_store_(store, ConversationId("conversation of " + script_)),
        model_(model_store_, MessageId("m"), MessageId("n")),
        real_(real_store_, first_, MessageId("second of " + script_)) {}

  // What is wrong; empty if nothing is.
  std::string Run(const SendScript& script) {
    Compare("two sends");
    for (std::size_t i = 0; i < script.size() && wrong_.empty(); ++i) {
      model_.Run(script[i]);
      real_.Run(script[i]);
      Compare("event " + std::to_string(i + 1) + ", " + script_[i]);
    }
    if (!wrong_.empty()) return wrong_;
    model_.Finish();
    real_.Finish();
    Compare("the end");
    model_.Check();
    real_.Check();
    Compare("the check");
    return wrong_;
  }

 private:
  void Compare(const std::string& where) {
    const std::string expected = TakeUpdates(model_, MessageId("m"));
    const std::string heard = TakeUpdates(real_, first_);
    if (tell_) std::printf("  %s\n%s", where.c_str(), heard.c_str());
    if (!wrong_.empty()) return;
    real_store_.CheckPage();
    for (const std::string& problem : {model_.wrong(), real_.wrong(), real_store_.wrong()}) {
      if (!problem.empty()) wrong_ += "\n  " + problem;
    }
    if (expected != heard)
      wrong_ += "\n  a watcher should hear\n" + expected + "  and heard\n" + heard;
    if (!wrong_.empty()) wrong_ = where + wrong_;
  }

  const std::string script_;
  const bool tell_;
  const MessageId first_;
  sync::ModelScriptStore model_store_;
  ScriptedStore real_store_;
  sync::SendWorld model_;
  sync::SendWorld real_;
  std::string wrong_;
};

// False: it ended wrong, and the store is not to be used any more.
bool RunScript(HandWrittenStore& store, const SendScript& script, bool tell) {
  Pair pair(store, script, tell);
  const std::string wrong = pair.Run(script);
  if (wrong.empty()) return true;
  std::printf("%s: %s\n  again: tools/dev sim --scripts --script %s\n",
              test::ToString(script).c_str(), wrong.c_str(), test::ToString(script).c_str());
  std::fflush(stdout);
  return false;
}

int Run(const Options& options) {
  if (options.script) {
    HandWrittenStore store;
    return RunScript(store, *options.script, true) ? 0 : 1;
  }
  // Of what is wrong, the first few are enough.
  constexpr int kMostWrong = 5;
  int scripts = 0;
  int wrong = 0;
  for (const SendEvent first : options.first) {
    auto store = std::make_unique<HandWrittenStore>();
    test::ForEachSendScript({first}, options.length, [&](const SendScript& script) {
      if (wrong >= kMostWrong) return;
      ++scripts;
      if (RunScript(*store, script, false)) return;
      ++wrong;
      store.reset();  // One at a time has the disk.
      store = std::make_unique<HandWrittenStore>();
    });
  }
  std::printf("%d scripts of %zu events; %d wrong\n", scripts, options.length, wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace hark::sim

int main(int count, char** arguments) {
  hark::sim::Options options;
  if (!hark::sim::Parse(count, arguments, options)) {
    std::fprintf(stderr,
                 "usage: send_scripts [--length N] [--first LETTERS] [--script LETTERS]\n"
                 "  a ack, e echo, d drop, r retry, c cancel, w edit, x delete, o too old\n");
    return 2;
  }
  return hark::sim::Run(options);
}
