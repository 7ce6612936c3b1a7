#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>

#include "agent/cli.h"
#include "agent/containers/container_commands.h"
#include "agent/doctor/doctor_command.h"
#include "agent/engine/engine_command.h"
#include "agent/events/events_command.h"
#include "agent/exit_code.h"
#include "agent/exporter_flags.h"
#include "agent/limit/limit_command.h"
#include "agent/manual/manual_command.h"
#include "agent/recommend/recommend_command.h"
#include "agent/sd_command.h"
#include "agent/stats/stats_command.h"
#include "agent/top/top_command.h"

namespace plimsoll::agent {

namespace {

int print_version() {
  std::puts("plimsoll " PLIMSOLL_VERSION);
  return kExitOk;
}

Command exporter_command() {
  const auto config = std::make_shared<ExporterConfig>();
  const auto version = std::make_shared<bool>(false);
  Command command;
  command.name = "exporter";
  command.summary = "Serve metrics, JSON and streams of this host's containers";
  command.add_flags = [config](CLI::App& app) { add_exporter_flags(app, *config); };
  command.options = {{"--version", version.get(), "Print the version, as cAdvisor's -version", {}}};
  command.go_dashes = true;
  command.run = [config, version]() -> int {
    if (*version) return print_version();
    return config->list_metrics.empty() ? run_exporter(*config) : list_metrics(*config);
  };
  return command;
}

Command version_command() {
  return {.name = "version",
          .summary = "Print the version",
          .details = {},
          .options = {},
          .run = print_version};
}

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> commands;
  commands.push_back(stats_command());
  commands.push_back(top_command());
  commands.push_back(doctor_command());
  commands.push_back(limit_command());
  commands.push_back(events_command());
  commands.push_back(recommend_command());
  commands.push_back(run_container_command());
  commands.push_back(ps_command());
  commands.push_back(exec_command());
  commands.push_back(logs_command());
  for (Command& command : container_commands()) commands.push_back(std::move(command));
  for (Command& command : image_commands()) commands.push_back(std::move(command));
  commands.push_back(exporter_command());
  commands.push_back(sd_command());
  commands.push_back(engine_command());
  // The daemon of both planes (agent) comes here.
  commands.push_back(completion_command(all_commands));
  commands.push_back(man_command(all_commands));
  commands.push_back(version_command());
  return commands;
}

int main_cli(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const int code = run_cli(all_commands(), std::move(arguments));
  // A closed pipe is the reader's choice, a full disk is a failure.
  if (std::fflush(stdout) != 0 && errno != EPIPE && code == kExitOk) return kExitFailure;
  return code;
}

}  // namespace plimsoll::agent
