#include "agent/doctor/doctor_command.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "agent/doctor/checks.h"
#include "agent/doctor/report.h"
#include "agent/exit_code.h"
#include "agent/exporter_flags.h"
#include "agent/terminal.h"

namespace plimsoll::agent {

namespace {

struct State {
  exporter::SamplerConfig sampler;
  std::string format = "text";
  std::string colour = "auto";
  std::string host = "127.0.0.1:7546";
};

int run_doctor(const State& state) {
  const auto colour = colour_choice(state.colour);
  if (!colour || (state.format != "text" && state.format != "json")) {
    std::fprintf(stderr, "plimsoll doctor: %s\n",
                 colour ? "--format: give text or json" : "--color: give auto, always or never");
    return kExitUsage;
  }
  const std::vector<Finding> findings =
      diagnose(with_exporter(gather_facts(state.sampler), state.host));
  const bool colours =
      wants_colour(*colour, inspect_terminal(STDOUT_FILENO), std::getenv("NO_COLOR"));
  const std::string text = state.format == "json"
                               ? report_json(findings)
                               : report_text(findings, colours ? Paint::kColours : Paint::kPlain);
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  if (!written) {
    std::fprintf(stderr, "plimsoll doctor: %s\n", written.error().message().c_str());
    return kExitFailure;
  }
  return usable(findings) ? kExitOk : kExitFailure;
}

}  // namespace

Command doctor_command() {
  const auto state = std::make_shared<State>();
  Command command;
  command.name = "doctor";
  command.summary = "What this host offers, what is missing and what to do";
  command.details = "Exit code 0: usable here; 1: something essential is missing (a FAIL line).\n";
  command.options = {
      {"--format", &state->format, "text or json", "FORMAT"},
      {"--color", &state->colour, "auto, always or never; auto honours NO_COLOR", "WHEN"},
      {"--host", &state->host, "The exporter to look for", "ADDR:PORT"},
  };
  command.add_flags = [state](CLI::App& app) { add_root_flags(app, state->sampler); };
  command.run = [state] { return run_doctor(*state); };
  return command;
}

}  // namespace plimsoll::agent
