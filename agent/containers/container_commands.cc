#include "agent/containers/container_commands.h"

#include <cstdio>
#include <memory>

#include "agent/complain.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

struct Flags {
  std::string socket;
  std::string seconds;
  std::string signal;
  bool force = false;
  bool volumes = false;
  std::vector<std::string> names;
};
using FlagsPtr = std::shared_ptr<Flags>;

int for_each(const char* command, const Flags& flags, const ActOnName& act) {
  return for_each_name(command, "name a container", flags.socket, flags.names, act);
}

std::string path_of(const std::string& name, const std::string& rest) {
  return "/containers/" + percent_encoded(name) + rest;
}

ApiAnswer<> post(const EngineApi& api, const std::string& name, const std::string& rest,
                 const char* method = "POST") {
  const auto done = api.ask({.method = method, .target = path_of(name, rest)});
  if (!done) return std::unexpected(done.error());
  std::printf("%s\n", name.c_str());
  return {};
}

Command named(const char* name, const char* summary, const FlagsPtr& flags) {
  Command command;
  command.name = name;
  command.summary = summary;
  command.options = {{"NAME", &flags->names, "Name, id, or its beginning", "", ""},
                     socket_option(flags->socket)};
  return command;
}

// One that asks for "/containers/NAME/what".
Command simple(const char* name, const char* summary, const char* what) {
  const auto flags = std::make_shared<Flags>();
  Command command = named(name, summary, flags);
  command.run = [flags, name, what] {
    return for_each(name, *flags, [&](const EngineApi& api, const std::string& container) {
      return post(api, container, what);
    });
  };
  return command;
}

// stop and restart.
Command ending(const char* name, const char* summary, const std::string& what) {
  const auto flags = std::make_shared<Flags>();
  Command command = named(name, summary, flags);
  command.options.push_back({"-t,--time", &flags->seconds,
                             "How long it may take before it is killed (its own, or 10)", "SECONDS",
                             ""});
  command.options.push_back({"-s,--signal", &flags->signal, "Instead of its own", "SIGNAL", ""});
  command.run = [flags, name, what] {
    std::string query = "?signal=" + percent_encoded(flags->signal);
    if (!flags->seconds.empty()) query += "&t=" + percent_encoded(flags->seconds);
    return for_each(name, *flags, [&](const EngineApi& api, const std::string& container) {
      return post(api, container, what + query);
    });
  };
  return command;
}

Command kill_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = named("kill", "Send a signal to a container", flags);
  command.options.push_back(
      {"-s,--signal", &flags->signal, "Its name or number (KILL)", "SIGNAL", ""});
  command.run = [flags] {
    const std::string signal = flags->signal.empty() ? "KILL" : flags->signal;
    return for_each("kill", *flags, [&](const EngineApi& api, const std::string& container) {
      return post(api, container, "/kill?signal=" + percent_encoded(signal));
    });
  };
  return command;
}

Command rm_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = named("rm", "Remove containers", flags);
  command.options.push_back({"-f,--force", &flags->force, "Running ones, too", "", ""});
  command.options.push_back(
      {"-v,--volumes", &flags->volumes, "And their volumes without a name", "", ""});
  command.run = [flags] {
    const std::string query =
        std::string("?force=") + (flags->force ? "1" : "0") + "&v=" + (flags->volumes ? "1" : "0");
    return for_each("rm", *flags, [&](const EngineApi& api, const std::string& container) {
      return post(api, container, query, "DELETE");
    });
  };
  return command;
}

Command wait_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = named("wait", "Wait until containers end; print their exit codes", flags);
  command.run = [flags] {
    return for_each(
        "wait", *flags, [](const EngineApi& api, const std::string& name) -> ApiAnswer<> {
          const auto ended = api.ask({.method = "POST", .target = path_of(name, "/wait")});
          if (!ended) return std::unexpected(ended.error());
          const auto document = json::parse(*ended);
          const json::Value* code = document ? document->root.find("StatusCode") : nullptr;
          if (code == nullptr) return std::unexpected(NoAnswer{"no exit code came", kExitFailure});
          std::printf("%s\n", std::string(code->text).c_str());
          return {};
        });
  };
  return command;
}

Command inspect_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = named("inspect", "Everything about containers, as JSON", flags);
  command.run = [flags] {
    return for_each("inspect", *flags,
                    [](const EngineApi& api, const std::string& name) -> ApiAnswer<> {
                      const auto body = api.ask({.target = path_of(name, "/json")});
                      if (!body) return std::unexpected(body.error());
                      std::printf("%s%s", body->c_str(), body->ends_with('\n') ? "" : "\n");
                      return {};
                    });
  };
  return command;
}

}  // namespace

int for_each_name(const char* command, const char* usage, const std::string& socket,
                  const std::vector<std::string>& names, const ActOnName& act) {
  if (names.empty()) {
    complain(command, usage);
    return kExitUsage;
  }
  const EngineApi api(socket);
  int code = kExitOk;
  for (const std::string& name : names)
    if (const auto done = act(api, name); !done) code = complain(command, done.error());
  return code;
}

std::vector<Command> container_commands() {
  return {simple("start", "Start containers that were created or have ended", "/start"),
          ending("stop", "Ask containers to end, and see to it", "/stop"),
          ending("restart", "Stop and start again", "/restart"),
          kill_command(),
          rm_command(),
          simple("pause", "Freeze containers", "/pause"),
          simple("unpause", "Let frozen containers go on", "/unpause"),
          wait_command(),
          inspect_command()};
}

}  // namespace plimsoll::agent
