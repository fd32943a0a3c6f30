#include "tools/backend/options.h"

#include <CLI/CLI.hpp>

#include "tools/backend/version.h"

namespace hark::backend {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 data folder or certificate unusable,\n"
    "4 address not available, 5 data folder in use by another process, 6 bad import file,\n"
    "7 no such user or token, 8 exists already.";

// Every option of every command; the subcommand that was given says which count.
struct Everything {
  ServeOptions serve;
  UserAddOptions user_add;
  UserListOptions user_list;
  TokenCreateOptions token_create;
  TokenRevokeOptions token_revoke;
  ImportCommandOptions import;
  ConversationCreateOptions conversation_create;
};

void AddData(CLI::App* app, std::string* data) {
  app->add_option("--data", *data, "The data folder")->required()->type_name("DIR");
}

CLI::App* AddServe(CLI::App& app, ServeOptions& options) {
  CLI::App* const serve = app.add_subcommand("serve", "Serve clients until SIGTERM or SIGINT");
  AddData(serve, &options.data);
  serve->add_option("--listen", options.listen, "Address and port; port 0 takes any free one")
      ->capture_default_str();
  serve->add_option("--port-file", options.port_file, "Written with the port once it is open");
  serve->add_option("--responder", options.responder, "What answers as the assistant")
      ->check(CLI::IsMember({"none", "echo"}))
      ->capture_default_str();
  serve->add_option("--responder-delay-ms", options.responder_delay_ms, "Before each piece")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  auto* const certificate =
      serve->add_option("--cert", options.certificate, "TLS certificate chain, PEM");
  auto* const key = serve->add_option("--key", options.key, "Its private key, PEM");
  certificate->needs(key);
  key->needs(certificate);
  serve->add_option("--heartbeat-ms", options.heartbeat_ms, "Announced to clients")
      ->check(CLI::Range(50, 3'600'000))
      ->capture_default_str();
  serve->add_option("--change-log-limit", options.change_log_limit, "Changes kept per user")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  serve->add_option("--refuse-content-prefix", options.refuse_content_prefix,
                    "For tests: refuse messages that begin so, with CODE_PERMISSION");
  return serve;
}

CLI::App* AddImport(CLI::App& app, ImportCommandOptions& options) {
  CLI::App* const import =
      app.add_subcommand("import", "Import conversations, one JSON object a line; .zst works");
  import->add_option("FILE", options.file, "The file")->required();
  AddData(import, &options.data);
  import->add_option("--user", options.user, "Whose conversations they become")->required();
  import->add_option("--days", options.days, "Spread them over the last N days")
      ->check(CLI::Range(1, 36'500))
      ->capture_default_str();
  return import;
}

}  // namespace

ParsedCommand ParseCommandLine(int argc, const char* const* argv) {
  Everything all;
  CLI::App app("hark-backend: a backend for Hark on one machine", "hark-backend");
  app.set_version_flag("--version", kServerName);
  app.footer(kFooter);
  app.require_subcommand(1);

  CLI::App* const serve = AddServe(app, all.serve);
  CLI::App* const import = AddImport(app, all.import);

  CLI::App* const user = app.add_subcommand("user", "Manage users; works while the server runs");
  user->require_subcommand(1);
  CLI::App* const user_add = user->add_subcommand("add", "Add a user");
  user_add->add_option("NAME", all.user_add.name, "The new user's name")->required();
  AddData(user_add, &all.user_add.data);
  CLI::App* const user_list = user->add_subcommand("list", "Print the users: name, tab, id");
  AddData(user_list, &all.user_list.data);

  CLI::App* const token = app.add_subcommand("token", "Manage tokens; works while the server runs");
  token->require_subcommand(1);
  CLI::App* const create = token->add_subcommand("create", "Print a new token, this once");
  create->add_option("USER", all.token_create.user, "The user's name")->required();
  AddData(create, &all.token_create.data);
  std::int64_t seconds = 0;
  auto* const expires_in = create->add_option("--expires-in", seconds, "Lifetime; else no end")
                               ->type_name("SECONDS")
                               ->check(CLI::Range(std::int64_t{1}, std::int64_t{3'153'600'000}));
  CLI::App* const revoke = token->add_subcommand("revoke", "Revoke a user's tokens, or one");
  auto* const revoke_user =
      revoke->add_option("USER", all.token_revoke.user, "All tokens of this user");
  revoke->add_flag("--token-stdin", all.token_revoke.from_stdin, "The token that is read")
      ->excludes(revoke_user);
  AddData(revoke, &all.token_revoke.data);

  CLI::App* const conversation = app.add_subcommand("conversation", "Manage conversations");
  conversation->require_subcommand(1);
  CLI::App* const conversation_create =
      conversation->add_subcommand("create", "Create an empty one; while no server runs");
  conversation_create->add_option("ID", all.conversation_create.id, "Its id")->required();
  conversation_create->add_option("--title", all.conversation_create.title, "Its title")
      ->required();
  conversation_create->add_option("--user", all.conversation_create.user, "Whose")->required();
  AddData(conversation_create, &all.conversation_create.data);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? kExitOk : kExitUsage};
  }
  if (expires_in->count() > 0) all.token_create.expires_in_seconds = seconds;
  if (serve->parsed()) return {all.serve, kExitOk};
  if (import->parsed()) return {all.import, kExitOk};
  if (user_add->parsed()) return {all.user_add, kExitOk};
  if (user_list->parsed()) return {all.user_list, kExitOk};
  if (create->parsed()) return {all.token_create, kExitOk};
  if (conversation_create->parsed()) return {all.conversation_create, kExitOk};
  return {all.token_revoke, kExitOk};
}

}  // namespace hark::backend
