#include <cstdio>
#include <cstdlib>
#include <memory>

#include "agent/complain.h"
#include "agent/containers/attached.h"
#include "agent/containers/container_commands.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kName = "exec";

struct Flags {
  std::string socket;
  bool detach = false;
  bool interactive = false;
  bool tty = false;
  bool privileged = false;
  std::vector<std::string> env;
  std::string user;
  std::string workdir;
  std::vector<std::string> words;
};

void append_list(std::string& out, const char* key, const std::vector<std::string>& values) {
  out.append("\"").append(key).append("\":[");
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    json::append_string(out, values[i]);
  }
  out += "],";
}

std::string request(const Flags& flags) {
  const auto yes = [](bool value) { return value ? "true" : "false"; };
  std::string body = "{";
  append_list(body, "Cmd", {flags.words.begin() + 1, flags.words.end()});
  append_list(body, "Env", flags.env);
  body += "\"User\":";
  json::append_string(body, flags.user);
  body += ",\"WorkingDir\":";
  json::append_string(body, flags.workdir);
  body.append(",\"Tty\":").append(yes(flags.tty));
  body.append(",\"Privileged\":").append(yes(flags.privileged));
  body.append(",\"AttachStdin\":").append(yes(flags.interactive && !flags.detach));
  body.append(",\"AttachStdout\":").append(yes(!flags.detach));
  body.append(",\"AttachStderr\":").append(yes(!flags.detach));
  return body + "}";
}

int exit_code_in(std::string_view body) {
  const auto document = json::parse(body);
  const json::Value* code = document ? document->root.find("ExitCode") : nullptr;
  return code == nullptr || code->type != json::Type::kNumber
             ? kExitFailure
             : std::atoi(std::string(code->text).c_str());
}

int exec(const Flags& flags) {
  if (flags.words.size() < 2) {
    complain(kName, "say in which container, and what to execute");
    return kExitUsage;
  }
  const EngineApi api(flags.socket);
  const auto created =
      api.ask({.method = "POST",
               .target = "/containers/" + percent_encoded(flags.words.front()) + "/exec",
               .json = request(flags)});
  if (!created) return complain(kName, created.error());
  const auto document = json::parse(*created);
  const json::Value* id_value = document ? document->root.find("Id") : nullptr;
  if (id_value == nullptr) return complain(kName, NoAnswer{"the engine gave no id", kExitFailure});
  const std::string target = "/exec/" + std::string(id_value->text);
  const std::string terminal = std::string("\"Tty\":") + (flags.tty ? "true" : "false");
  if (flags.detach) {
    const auto started = api.ask({.method = "POST",
                                  .target = target + "/start",
                                  .json = "{\"Detach\":true," + terminal + "}"});
    return started ? kExitOk : complain(kName, started.error());
  }
  const SignalGuard signals;
  auto attached = api.begin({.method = "POST",
                             .target = target + "/start",
                             .json = "{\"Detach\":false," + terminal + "}",
                             .upgrade = true});
  if (!attached) return complain(kName, attached.error());
  if (attached->status() != 101) return complain(kName, EngineApi::refusal(*attached));
  Attachment attachment{.tty = flags.tty, .input = flags.interactive, .name = flags.words.front()};
  attachment.resize = [&](unsigned rows, unsigned columns) {
    api.tell(
        {.method = "POST",
         .target = target + "/resize?h=" + std::to_string(rows) + "&w=" + std::to_string(columns)});
  };
  const auto parted = pump(*attached, attachment, signals);
  if (!parted) return complain(kName, parted.error());
  if (*parted == Parted::kDetached) return kExitInterrupted;
  const auto ended = api.ask({.target = target + "/json"});
  return ended ? exit_code_in(*ended) : complain(kName, ended.error());
}

}  // namespace

Command exec_command() {
  const auto flags = std::make_shared<Flags>();
  Command command;
  command.name = kName;
  command.summary = "Run a further program in a container";
  command.details =
      "The exit code is the program's; 126 and 127 when it could not be executed.\n\n"
      "Example: plimsoll exec -it web sh\n";
  command.options = {
      {"NAME", &flags->words, "In which container; then the command and its arguments", "", ""},
      {"-d,--detach", &flags->detach, "Do not wait for it", "", ""},
      {"-i,--interactive", &flags->interactive, "It reads what is typed here", "", ""},
      {"-t,--tty", &flags->tty, "It has a terminal", "", ""},
      {"-e,--env", &flags->env, "A variable", "NAME=VALUE", ""},
      {"-u,--user", &flags->user, "Who it is", "USER[:GROUP]", ""},
      {"-w,--workdir", &flags->workdir, "Where it starts", "DIR", ""},
      {"--privileged", &flags->privileged, "With all rights", "", ""},
      socket_option(flags->socket)};
  command.words = &flags->words;
  command.run = [flags] { return exec(*flags); };
  return command;
}

}  // namespace plimsoll::agent
