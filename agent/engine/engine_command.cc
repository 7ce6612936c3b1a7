#include "agent/engine/engine_command.h"

#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/engine/config_file.h"
#include "agent/engine/engine.h"
#include "agent/engine/settings.h"
#include "agent/exit_code.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kDetails =
    "Root, the members of --control-group (may change) and of --read-group (may look) reach it on\n"
    "its socket. Several engines may run side by side, each with directories of its own.\n\n"
    "SIGHUP reads policies and the config file again, and says what needs a restart.\n"
    "SIGTERM ends it; changes that are under way come to their end first. Limits stay in force.\n\n"
    "Examples:\n"
    "  plimsoll engine --config /etc/plimsoll/engine.yaml\n"
    "  plimsoll engine --config /etc/plimsoll/engine.yaml --check-config\n"
    "  plimsoll engine --run-dir /run/lab --state-dir /var/lib/lab\n"
    "  curl --unix-socket /run/plimsoll/plimsoll.sock http://localhost/plimsoll/v1/limits\n";

// One of the table's settings as it was given on the command line, or not.
struct Given {
  std::optional<std::string> text;
  std::vector<std::string> texts;
  OptionalValue flag;
};

struct Flags {
  std::string config_file;
  bool check_config = false;
  std::vector<Given> given;  // In the order of settings_of().
  EngineSettings running;
};

// What is wrong; nothing: the flags are in `setting`.
std::string take_flag(const Setting& setting, const Given& given) {
  std::string wrong;
  const auto check = [&](const std::string& value) {
    if (setting.check != nullptr && wrong.empty()) wrong = setting.check(value);
  };
  if (given.text) check(*given.text);
  for (const std::string& text : given.texts) check(text);
  if (!wrong.empty()) return wrong;
  if (auto* const* text = std::get_if<std::string*>(&setting.target); text && given.text)
    **text = *given.text;
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&setting.target);
      texts && !given.texts.empty())
    **texts = given.texts;
  if (auto* const* on = std::get_if<bool*>(&setting.target); on && given.flag.given()) {
    const auto named = switch_named(given.flag.text);
    if (!named) return "give true or false";
    **on = *named;
  }
  return {};
}

struct Read {
  EngineSettings settings;
  std::vector<std::string> problems;
};

// The defaults, the file over them, the flags over both.
Read read_settings(const Flags& flags) {
  Read read;
  const std::vector<Setting> settings = settings_of(read.settings);
  if (!flags.config_file.empty())
    for (const policy::Problem& problem :
         take_config_file(flags.config_file, ::geteuid(), settings))
      read.problems.push_back(to_text(problem));
  for (std::size_t i = 0; i < settings.size(); ++i)
    if (const std::string wrong = take_flag(settings[i], flags.given[i]); !wrong.empty())
      read.problems.push_back("plimsoll engine: --" + std::string(settings[i].key) + ": " + wrong);
  return read;
}

std::optional<EngineConfig> reread(const Flags& flags) {
  if (flags.config_file.empty()) return std::nullopt;
  const Read read = read_settings(flags);
  for (const std::string& problem : read.problems) log::error(problem);
  if (!read.problems.empty()) {
    log::error("the settings in force stay as they are, until " + flags.config_file + " is mended");
    return std::nullopt;
  }
  for (const std::string_view key : need_restart(flags.running, read.settings))
    log::warn(flags.config_file + ": " + std::string(key) +
              ": another value than the engine started with: it counts from the next start on");
  log::info("settings read again from " + flags.config_file);
  return engine_config(read.settings);
}

int run(const std::shared_ptr<Flags>& flags) {
  if (flags->check_config && flags->config_file.empty()) {
    std::fputs("plimsoll engine: --check-config: say which file with --config\n", stderr);
    return kExitUsage;
  }
  Read read = read_settings(*flags);
  for (const std::string& problem : read.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!read.problems.empty()) return kExitUsage;
  if (flags->check_config) {
    std::printf("%s: nothing wrong\n", flags->config_file.c_str());
    return kExitOk;
  }
  flags->running = std::move(read.settings);
  return run_engine(engine_config(flags->running), [flags] { return reread(*flags); });
}

// Where the command line puts this one.
OptionTarget flag_target(const Setting& setting, Given& given) {
  if (std::holds_alternative<bool*>(setting.target)) return &given.flag;
  if (std::holds_alternative<std::vector<std::string>*>(setting.target)) return &given.texts;
  return &given.text;
}

}  // namespace

Command engine_command() {
  const auto flags = std::make_shared<Flags>();
  const std::vector<Setting> settings = settings_of(flags->running);
  flags->given.resize(settings.size());
  Command command;
  command.name = "engine";
  command.summary = "Keep and change the limits of this host's containers";
  command.details = kDetails;
  command.options = {
      {"--config", &flags->config_file,
       "Settings in YAML, with these flags' names for keys; flags win. Read again on SIGHUP",
       "FILE"},
      {"--check-config", &flags->check_config, "Say what is wrong with the file, and end", ""}};
  for (std::size_t i = 0; i < settings.size(); ++i)
    command.options.push_back({"--" + std::string(settings[i].key),
                               flag_target(settings[i], flags->given[i]),
                               std::string(settings[i].help), std::string(settings[i].value)});
  command.run = [flags] { return run(flags); };
  return command;
}

}  // namespace plimsoll::agent
