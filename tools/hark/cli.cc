#include "tools/hark/cli.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "hark/client.h"
#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/local_commands.h"
#include "tools/hark/output.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

// A day: longer waits are better written as a service.
constexpr double kMaxSeconds = 86'400;
constexpr std::uint64_t kMaxLimit = 10'000'000;
constexpr int kMaxDays = 36'500;
constexpr std::uint64_t kMaxMegabytes = std::uint64_t{16} * 1024 * 1024;

struct Globals {
  std::string socket;
  bool json = false;
  bool no_color = false;
  double connect_seconds = 0;
};

// Adds the sub-commands; the one that was chosen is left in `chosen`.
class CommandLine {
 public:
  CommandLine(CLI::App& app, Arguments& arguments, Command& chosen)
      : app_(app), arguments_(arguments), chosen_(chosen) {}

  void AddReading() {
    CLI::App* status =
        Add("status", "Show when the data is from, and whether it is live, syncing or offline",
            ShowStatus);
    status->add_flag("--watch", arguments_.watch, "Follow it: each change is shown");
    status->add_flag("--until-live", arguments_.until_live, "Follow it until everything is synced");
    Timeout(status, "Stop after so long; with --until-live that is exit code 6");

    CLI::App* conversations =
        Add("conversations", "List conversations, newest activity first", ListConversations);
    LimitOrAll(conversations, "Show at most so many (50)", "Show all");

    CLI::App* messages =
        Add("messages", "Show a conversation's messages, oldest first", ListMessages);
    Conversation(messages)->required();
    LimitOrAll(messages, "Show the newest so many (50)", "Show all, back to the beginning");
    messages->add_option("--before", arguments_.before, "Only what is older than this message")
        ->type_name("MESSAGE");
    messages->add_option("--after", arguments_.after, "What comes after this message, oldest first")
        ->type_name("MESSAGE")
        ->excludes("--before");
    messages->add_option("--around", arguments_.around, "This message with those around it")
        ->type_name("MESSAGE")
        ->excludes("--before", "--after", "--all");
    messages->add_flag("--cache-only", arguments_.cache_only, "Fetch nothing from the backend");
    messages->add_flag("--ids", arguments_.ids, "Show each message's id");
    Timeout(messages, "Wait so long for messages that must be fetched (0; with --all 30)");

    CLI::App* search = Add("search", "Find messages by their words", Search);
    search
        ->add_option("QUERY", arguments_.text,
                     "Words, \"several words\", wor* (what begins so), -word (not that one)")
        ->required();
    search->add_option("--conversation", arguments_.conversation, "Only in this conversation")
        ->type_name("CONVERSATION");
    search->add_flag("--newest", arguments_.newest, "The newest first instead of the best");
    search->add_option("--limit", arguments_.limit, "Show at most so many (20)")
        ->check(CLI::Range(std::uint64_t{1}, kMaxLimit))
        ->type_name("N");

    CLI::App* outbox =
        Add("outbox", "List what waits to be delivered, and what was refused", ListOutbox);
    Conversation(outbox);
    outbox->add_flag("--failed", arguments_.failed, "Only what failed or expired");
    LimitOrAll(outbox, "Show at most so many (50)", "Show all");

    Add("stats", "Show the daemon's counters, sizes and latencies", ShowStatistics)
        ->add_flag("--openmetrics", arguments_.openmetrics,
                   "As OpenMetrics text, for what collects them");
    Add("version", "Show the versions of hark and of the daemon", ShowVersion);
  }

  void AddActing() {
    CLI::App* send = Add("send", "Send a message; it is safe on disk when this returns", Send);
    Conversation(send)->required();
    send->add_option("TEXT", arguments_.text, "The message; - reads it from stdin")->required();
    send->add_option("--type", arguments_.content_type, "Its media type (text/plain)")
        ->type_name("TYPE");
    send->add_option("--id", arguments_.id, "Its id, so that the command may be repeated")
        ->type_name("UUID");

    CLI::App* edit = Add("edit", "Replace the text of a message, sent or not", EditMessage);
    ConversationAndMessage(edit);
    edit->add_option("TEXT", arguments_.text, "The new text; - reads it from stdin")->required();
    ConversationAndMessage(
        Add("delete", "Delete a message for everybody, or withdraw an unsent one", DeleteMessage));
    ConversationAndMessage(
        Add("cancel", "Withdraw an unsent message, or a change that waits", CancelMessage));
    ConversationAndMessage(
        Add("skip", "Let the later messages of a conversation pass a failed one", SkipMessage));
    CLI::App* retry =
        Add("retry", "Try failed and expired messages again: one, a conversation's or all", Retry);
    CLI::Option* conversation = Conversation(retry);
    retry->add_option("MESSAGE", arguments_.message, "Only this one")->needs(conversation);
    retry->add_flag("--all", arguments_.all, "Those of every conversation")->excludes(conversation);

    Conversation(Add("open", "Say that a conversation is shown: it is followed from now on",
                     OpenConversation))
        ->required();
    Conversation(Add("close", "Say that a conversation is no longer shown", CloseConversation))
        ->required();

    CLI::App* read =
        Add("read", "Mark a conversation as read, up to a message or all of it", MarkRead);
    Conversation(read)->required();
    read->add_option("MESSAGE", arguments_.message, "The newest message that was read");

    CLI::App* sign_in = Add("sign-in", "Sign in with a token of the backend", SignIn);
    sign_in->add_flag("--token-stdin", arguments_.token_stdin,
                      "Read the token from stdin (never from arguments)");
    CLI::App* sign_out =
        Add("sign-out", "Forget the token; what is cached stays readable", SignOut);
    sign_out->alias("signout");
    sign_out->add_flag("--forget", arguments_.forget,
                       "Also remove everything that this machine has of the account, for good");
    Yes(sign_out, "With --forget: do not ask, also if unsent messages are lost");

    CLI::App* sync = Add("sync", "Sync now instead of at the next attempt", SyncNow);
    sync->add_flag("--wait", arguments_.wait, "Wait until everything is synced");
    Timeout(sync, "With --wait: give up after so long, with exit code 6");
  }

  void AddData() {
    CLI::App* clear = Add("clear-cache",
                          "Remove the local copy of the conversations; it is fetched again. What "
                          "waits to be sent and drafts stay",
                          ClearCache);
    clear->add_flag("--everything", arguments_.everything,
                    "Also what waits to be sent, drafts and scroll positions");
    Yes(clear, "With --everything: do not ask, also if unsent messages are lost");

    CLI::App* exported =
        Add("export", "Write what is here as JSON lines, which hark-backend import reads", Export);
    exported->add_option("FILE", arguments_.file, "A new file; without it, or -: stdout");
    exported->add_option("--conversation", arguments_.conversation, "Only this conversation")
        ->type_name("CONVERSATION");

    CLI::App* backup =
        Add("backup", "Write an encrypted copy of everything, while all goes on", Backup);
    backup->add_option("FILE", arguments_.file, "A new file, or a folder for one")->required();
    backup->add_flag("--passphrase-stdin", arguments_.passphrase_stdin,
                     "Read a passphrase that restores it on any machine");

    CLI::App* restore = Add("restore", "Put the account back to a backup", Restore);
    restore->add_option("FILE", arguments_.file, "What hark backup wrote")->required();
    restore->add_flag("--passphrase-stdin", arguments_.passphrase_stdin, "Read its passphrase");
    Yes(restore, "Also if unsent messages of since then are lost; they are set aside");
  }

  void AddUserState() {
    CLI::App* draft = Add("draft", "Show a conversation's draft, or write or clear it", Draft);
    Conversation(draft)->required();
    CLI::Option* text =
        draft->add_option("TEXT", arguments_.text, "The new text; - reads it from stdin");
    CLI::Option* from_stdin =
        draft->add_flag("--stdin", arguments_.from_stdin, "Read the new text from stdin");
    from_stdin->excludes(text);
    draft->add_flag("--clear", arguments_.clear, "Forget it")->excludes(text)->excludes(from_stdin);
    draft
        ->add_option("--base", arguments_.base,
                     "The version that is changed; a newer one is left alone, with exit code 8")
        ->type_name("VERSION");

    CLI::App* drafts = Add("drafts", "List the drafts, the last changed first", ListDrafts);
    Conversation(drafts);
    CLI::Option* watch =
        drafts->add_flag("--watch", arguments_.watch, "Follow them: each change is shown");
    drafts->get_option("CONVERSATION")->needs(watch);
    drafts->add_option("--count", arguments_.count, "With --watch: end after so many changes")
        ->check(CLI::Range(std::uint64_t{1}, kMaxLimit))
        ->type_name("N")
        ->needs(watch);
    Timeout(drafts, "With --watch: end after so long; with --count that is exit code 6");

    CLI::App* view = Add("view", "Show where a UI stands in a conversation", ShowView);
    Conversation(view)->required();
    view->add_option("UI", arguments_.text, "The UI's name for itself")->required();
  }

  void AddRetention() {
    CLI::App* retention = app_.add_subcommand(
        "retention", "Show how long messages are kept here, and what would go; run, set");
    retention->fallthrough();
    retention->add_flag("--preview", arguments_.preview,
                        "Show what would go (also without this flag)");
    retention
        ->add_option("--days", arguments_.days, "As if messages were kept so long; 0: for ever")
        ->check(CLI::Range(0, kMaxDays))
        ->type_name("N");
    retention->add_option("--max-mb", arguments_.max_mb, "As if the cache had this cap; 0: none")
        ->check(CLI::Range(std::uint64_t{0}, kMaxMegabytes))
        ->type_name("N");
    // The callback of a sub-command of it comes after this one.
    retention->preparse_callback([this](std::size_t) { chosen_ = PreviewRetention; });
    CLI::App* run = retention->add_subcommand("run", "Remove now what is too old");
    run->callback([this] { chosen_ = RunRetention; });
    CLI::App* set = retention->add_subcommand("set", "Keep one conversation for another time");
    set->callback([this] { chosen_ = SetRetention; });
    Conversation(set)->required();
    set->add_option("DAYS", arguments_.text, "A number of days, forever or default")->required();
    for (CLI::App* sub : {run, set}) sub->fallthrough();
  }

  void AddAdmin() {
    CLI::App* admin = app_.add_subcommand("admin", "Rarely needed: rollback, keys");
    admin->require_subcommand(1);
    admin->fallthrough();
    CLI::App* rollback = admin->add_subcommand(
        "rollback",
        "Put the files back for an older version of Hark, from the backup made at the update");
    rollback->add_flag("--force", arguments_.force, "Also if unsent messages are lost by it");
    rollback->callback([this] { chosen_ = RollBack; });
    rollback->fallthrough();
    AddKeys(admin);
  }

  void AddFollowing() {
    CLI::App* tail =
        Add("tail", "Follow a conversation, the list of them, or everything; Ctrl-C ends it", Tail);
    CLI::Option* one = Conversation(tail);
    tail->add_flag("--all", arguments_.all, "Follow the messages of every conversation")
        ->excludes(one);
    tail->add_option("--limit", arguments_.limit, "First show the newest so many (10; the list: 0)")
        ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{client::kMaxPageSize}))
        ->type_name("N");
    tail->add_option("--count", arguments_.count, "End after so many new messages (or changes)")
        ->check(CLI::Range(std::uint64_t{1}, kMaxLimit))
        ->type_name("N");
    tail->add_flag("--ids", arguments_.ids, "Show each message's id");
    Timeout(tail, "End after so long; with --count that is exit code 6");
  }

 private:
  void AddKeys(CLI::App* admin) {
    CLI::App* rotate = admin->add_subcommand("rotate-key", "Put a new master key in force");
    rotate->add_flag("--full", arguments_.full,
                     "Also write all files anew under new keys; backups of before are removed");
    rotate->add_option("--to", arguments_.text, "Move the key to another kind of key store")
        ->type_name("KIND");
    rotate->callback([this] { chosen_ = RotateKey; });
    CLI::App* code = admin->add_subcommand(
        "recovery-code", "Make a code that opens your data when the key store is lost");
    code->callback([this] { chosen_ = CreateRecoveryCode; });
    CLI::App* recover = admin->add_subcommand(
        "recover", "Put a lost key back by the recovery code, which is read from stdin");
    recover->callback([this] { chosen_ = Recover; });
    for (CLI::App* sub : {rotate, code, recover}) sub->fallthrough();
  }

  CLI::App* Add(const std::string& name, const std::string& description, Command command) {
    CLI::App* added = app_.add_subcommand(name, description);
    added->fallthrough();  // Global options may come after the command too.
    added->callback([this, command] { chosen_ = command; });
    return added;
  }

  CLI::Option* Conversation(CLI::App* app) {
    return app->add_option("CONVERSATION", arguments_.conversation,
                           "Its id, as 'hark conversations' shows it");
  }

  void ConversationAndMessage(CLI::App* app) {
    Conversation(app)->required();
    app->add_option("MESSAGE", arguments_.message, "Its id, as 'hark messages --ids' shows it")
        ->required();
  }

  void LimitOrAll(CLI::App* app, const std::string& limit, const std::string& all) {
    CLI::Option* option = app->add_option("--limit", arguments_.limit, limit)
                              ->check(CLI::Range(std::uint64_t{1}, kMaxLimit))
                              ->type_name("N");
    app->add_flag("--all", arguments_.all, all)->excludes(option);
  }

  void Yes(CLI::App* app, const std::string& description) {
    app->add_flag("--yes", arguments_.yes, description);
  }

  void Timeout(CLI::App* app, const std::string& description) {
    app->add_option("--timeout", arguments_.timeout_seconds, description)
        ->check(CLI::Range(0.0, kMaxSeconds))
        ->type_name("SECONDS");
  }

  CLI::App& app_;
  Arguments& arguments_;
  Command& chosen_;
};

void AddGlobals(CLI::App& app, Globals& globals) {
  app.add_option(
         "--socket", globals.socket,
         "The daemon's socket (default: $HARK_SOCKET, else $XDG_RUNTIME_DIR/hark/harkd.sock)")
      ->type_name("PATH");
  app.add_flag("--json", globals.json, "Write one JSON object a line, for programs");
  app.add_flag("--no-color", globals.no_color,
               "No colours; so does the environment variable NO_COLOR");
  app.add_option("--connect-timeout", globals.connect_seconds,
                 "Wait so long for a daemon that is not there yet (0)")
      ->check(CLI::Range(0.0, kMaxSeconds))
      ->type_name("SECONDS");
}

int Execute(const Globals& globals, const Arguments& arguments, Command command) {
  client::ConnectOptions options;
  options.socket_path = globals.socket;
  options.wait =
      std::chrono::milliseconds(static_cast<std::int64_t>(globals.connect_seconds * 1000));
  // Before the daemon is asked for: a usage error is one with or without it.
  if (command == &SignIn && !arguments.token_stdin) {
    return Report(kUsage, "sign-in reads the token from stdin: hark sign-in --token-stdin < FILE");
  }
  if (command == &Retry && !arguments.all && arguments.conversation.empty()) {
    return Report(kUsage, "retry needs a conversation, or --all");
  }
  Output output(DetectMode(globals.json, globals.no_color));
  auto client = client::Client::Connect(std::move(options));
  if (!client) return Report(client.error());
  Session session{*client, output, arguments};
  return output.Finish(command(session));
}

int ExecuteLocal(const Globals& globals, const LocalArguments& arguments, LocalCommand command) {
  Output output(DetectMode(globals.json, globals.no_color));
  LocalSession session{output, arguments, globals.socket};
  return output.Finish(command(session));
}

}  // namespace

int Run(int argc, char** argv) {
  CLI::App app("hark: your conversations, from the command line");
  app.name("hark");
  app.set_version_flag("--version", std::string("hark ") + HARK_VERSION);
  app.require_subcommand(1);
  app.footer(kExitCodes);
  app.failure_message([](const CLI::App* /*app*/, const CLI::Error& error) {
    return "hark: " + Printable(error.what()) + "\nRun with --help for more information.\n";
  });
  Globals globals;
  Arguments arguments;
  Command command = nullptr;
  AddGlobals(app, globals);
  CommandLine commands(app, arguments, command);
  commands.AddReading();
  commands.AddActing();
  commands.AddRetention();
  commands.AddUserState();
  commands.AddData();
  commands.AddAdmin();
  commands.AddFollowing();
  LocalArguments local_arguments;
  LocalCommand local = nullptr;
  AddLocalCommands(app, local_arguments, local);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // A word that is no command is left over, which a missing one hides.
    const std::vector<std::string> left = app.remaining();
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
        app.get_subcommands().empty() && !left.empty()) {
      return Report(kUsage, ("there is no command '" + left.front() +
                             "'; \"hark --help\" lists those that there are")
                                .c_str());
    }
    // --help and --version come this way too.
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  if (local != nullptr) return ExecuteLocal(globals, local_arguments, local);
  return Execute(globals, arguments, command);
}

}  // namespace hark::cli
