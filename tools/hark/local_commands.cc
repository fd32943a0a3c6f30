#include "tools/hark/local_commands.h"

#include <CLI/CLI.hpp>

namespace hark::cli {
namespace {

// More would not be read by anybody; the journal itself has all of it.
constexpr std::uint64_t kMaxLines = 100'000;

}  // namespace

void AddLocalCommands(CLI::App& app, LocalArguments& arguments, LocalCommand& chosen) {
  const auto choose = [&chosen](CLI::App* command, LocalCommand what) {
    command->fallthrough();
    command->callback([&chosen, what] { chosen = what; });
  };
  const auto harkd = [&arguments](CLI::App* command) {
    command
        ->add_option("--harkd", arguments.harkd,
                     "The daemon's program (default: the one beside hark, else in PATH)")
        ->type_name("PATH");
  };

  CLI::App* service = app.add_subcommand(
      "service", "Run harkd as a service of yours: install, uninstall, status, logs");
  service->require_subcommand(1);
  service->fallthrough();
  CLI::App* install = service->add_subcommand(
      "install", "Have harkd started at log-in, and for the first client; again after an update");
  harkd(install);
  install->add_flag("--on-demand", arguments.on_demand, "Only for the first client");
  choose(install, InstallService);
  choose(service->add_subcommand("uninstall", "Stop it and undo that; your data stays"),
         UninstallService);
  choose(service->add_subcommand("status", "Show whether it is installed and runs"), ShowService);
  CLI::App* logs = service->add_subcommand("logs", "Show what harkd logged");
  logs->add_flag("--follow", arguments.follow, "Go on with what comes; Ctrl-C ends it");
  logs->add_option("--lines", arguments.lines, "Show the last so many (100)")
      ->check(CLI::Range(std::uint64_t{1}, kMaxLines))
      ->type_name("N");
  choose(logs, ShowServiceLog);

  CLI::App* doctor = app.add_subcommand("doctor", "Find out what is wrong, and how to mend it");
  harkd(doctor);
  doctor
      ->add_option("--bundle", arguments.bundle,
                   "Also write a report for who helps you: text, without anything of yours in it")
      ->type_name("FILE");
  doctor
      ->add_option(
          "--data-dir", arguments.data_dir,
          "Look at this folder (default: the one of the daemon that runs, else the one that "
          "its configuration names)")
      ->type_name("FOLDER");
  choose(doctor, Diagnose);
}

}  // namespace hark::cli
