#include <cstdio>
#include <ctime>
#include <memory>

#include "agent/complain.h"
#include "agent/containers/container_commands.h"
#include "agent/containers/listing.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kName = "ps";

struct Flags {
  std::string socket;
  bool all = false;
  bool quiet = false;
  bool whole = false;
  bool json = false;
  std::vector<std::string> filters;
};

// {"label":["a=b"],"status":["exited"]}
Result<std::string> filters_of(const std::vector<std::string>& given) {
  std::string text = "{";
  for (const std::string& filter : given) {
    const std::size_t at = filter.find('=');
    if (at == 0 || at == std::string::npos)
      return invalid_input("--filter", "'" + filter + "': give NAME=VALUE, such as status=exited");
    if (text.find("\"" + filter.substr(0, at) + "\":") != std::string::npos)
      return invalid_input("--filter", "give '" + filter.substr(0, at) + "' once");
    if (text.size() > 1) text += ',';
    json::append_string(text, filter.substr(0, at));
    text += ":[";
    json::append_string(text, filter.substr(at + 1));
    text += ']';
  }
  return text + "}";
}

int ps(const Flags& flags) {
  const auto filters = filters_of(flags.filters);
  if (!filters) return complain(kName, filters.error());
  std::string target = std::string("/containers/json?all=") + (flags.all ? "1" : "0");
  if (!flags.filters.empty()) target += "&filters=" + percent_encoded(*filters);
  const auto body = EngineApi(flags.socket).ask({.target = target});
  if (!body) return complain(kName, body.error());
  if (flags.json) {
    std::printf("%s\n", body->c_str());
    return kExitOk;
  }
  const auto text = list_containers(*body, {.show = flags.quiet ? Show::kIds : Show::kTable,
                                            .whole = flags.whole,
                                            .now_seconds = std::time(nullptr)});
  if (!text) return complain(kName, text.error());
  std::fputs(text->c_str(), stdout);
  return kExitOk;
}

}  // namespace

Command ps_command() {
  const auto flags = std::make_shared<Flags>();
  Command command;
  command.name = kName;
  command.summary = "List the engine's containers";
  command.details = "`plimsoll stats` lists and measures those of every engine on this host.\n";
  command.options = {{"-a,--all", &flags->all, "Those that do not run, too", "", ""},
                     {"-q,--quiet", &flags->quiet, "Ids only", "", ""},
                     {"--no-trunc", &flags->whole, "Whole ids and commands", "", ""},
                     {"-f,--filter", &flags->filters,
                      "Only those: name=, id=, label=, status=, ancestor=, ...", "NAME=VALUE", ""},
                     {"--json", &flags->json, "As the engine answers", "", ""},
                     socket_option(flags->socket)};
  command.run = [flags] { return ps(*flags); };
  return command;
}

}  // namespace plimsoll::agent
