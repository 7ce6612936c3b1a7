#include "agent/limit/policy_command.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "agent/exit_code.h"
#include "agent/limit/engine_client.h"
#include "agent/limit/request.h"
#include "agent/terminal.h"
#include "base/clock.h"
#include "control/policy/load.h"

namespace plimsoll::agent {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPolicy = "/plimsoll/v1/policy";

std::string text_at(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto value = object.find(key);
  if (value == object.end()) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number_integer() ? std::to_string(value->get<std::int64_t>()) : "";
}

// Empty for what is no list.
const Json& list_at(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  if (!object.is_object()) return kNone;
  const auto value = object.find(key);
  return value != object.end() && value->is_array() ? *value : kNone;
}

int print(const std::string& text) {
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  if (written) return kExitOk;
  std::fprintf(stderr, "plimsoll limit policy: %s\n", written.error().message().c_str());
  return kExitFailure;
}

using Render = Result<std::string> (*)(std::string_view body);
int ask(const PolicyCommandShared& shared, const std::string& target, Render render) {
  const auto body = EngineClient(*shared.socket).get(target);
  if (!body) {
    std::fprintf(stderr, "plimsoll limit policy: %s\n", body.error().message.c_str());
    return body.error().exit_code;
  }
  if (*shared.json) return print(*body);
  const auto text = render(*body);
  if (text) return print(*text);
  std::fprintf(stderr, "plimsoll limit policy: %s\n", text.error().message().c_str());
  return kExitFailure;
}

int check(const std::vector<std::string>& files) {
  std::size_t problems = 0;
  std::size_t rules = 0;
  for (const std::string& file : files) {
    const policy::Loaded loaded = policy::load_file(file, RealClock().wall());
    for (const policy::Problem& problem : loaded.problems)
      std::fprintf(stderr, "%s\n", to_text(problem).c_str());
    problems += loaded.problems.size();
    rules += loaded.set.rules.size();
  }
  if (problems != 0) return kExitFailure;
  return print(std::to_string(rules) + " rules, nothing wrong\n");
}

Command list_command(const PolicyCommandShared& shared) {
  Command command;
  command.name = "list";
  command.summary = "The rules in force, and what is wrong with the files that are not";
  command.run = [shared] { return ask(shared, kPolicy, render_policy); };
  return command;
}

Command explain_command(const PolicyCommandShared& shared) {
  const auto references = std::make_shared<std::vector<std::string>>();
  Command command;
  command.name = "explain";
  command.summary = "What every rule makes of a container, and which one decides each limit";
  command.options = {{"REF",
                      references.get(),
                      "Container: name, id or a unique beginning of it; cgroup:/path",
                      {},
                      {}}};
  command.run = [shared, references] {
    if (references->size() == 1)
      return ask(shared, std::string(kPolicy) + "?ref=" + percent_encoded(references->front()),
                 render_explanation);
    std::fputs("plimsoll limit policy explain: say which container\n", stderr);
    return static_cast<int>(kExitUsage);
  };
  return command;
}

Command check_command() {
  const auto files = std::make_shared<std::vector<std::string>>();
  Command command;
  command.name = "check";
  command.summary = "Whether files are policies, before they are installed; no engine is asked";
  command.options = {{"FILE", files.get(), "Policy files", {}, {}}};
  command.run = [files] {
    if (!files->empty()) return check(*files);
    std::fputs("plimsoll limit policy check: say which file\n", stderr);
    return static_cast<int>(kExitUsage);
  };
  return command;
}

}  // namespace

Result<std::string> render_policy(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return malformed(body.substr(0, 80));
  std::string out;
  for (const Json& rule : list_at(json, "rules")) {
    out += text_at(rule, "name") + "  (" + text_at(rule, "file") + ":" + text_at(rule, "line") +
           ", priority " + text_at(rule, "priority") + ", " + text_at(rule, "mode") + ", drift " +
           text_at(rule, "drift") + ")\n";
    const auto match = rule.find("match");
    if (match != rule.end()) out += "  match " + match->dump() + "\n";
    for (const Json& exception : list_at(rule, "not")) out += "  not " + exception.dump() + "\n";
    for (const Json& window : list_at(rule, "when"))
      if (window.is_string()) out += "  when " + window.get<std::string>() + "\n";
    for (const Json& limit : list_at(rule, "limits"))
      out += "  " + text_at(limit, "knob") + " " + text_at(limit, "value") + "\n";
  }
  if (out.empty()) out = "no rules are in force\n";
  for (const Json& problem : list_at(json, "problems"))
    if (problem.is_string()) out += "not in force: " + problem.get<std::string>() + "\n";
  return out;
}

Result<std::string> render_explanation(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return malformed(body.substr(0, 80));
  std::string out;
  for (const Json& rule : list_at(json, "rules")) {
    const std::string why = text_at(rule, "why");
    out += "rule " + text_at(rule, "rule") + ": " + text_at(rule, "verdict") +
           (why.empty() ? "" : ": " + why) + "\n";
  }
  if (out.empty()) out = "no rules are in force\n";
  for (const Json& knob : list_at(json, "knobs")) {
    const std::string detail = text_at(knob, "detail");
    out += text_at(knob, "knob") + (detail.empty() ? "" : " " + detail) + "\n";
    for (const Json& one : list_at(knob, "candidates")) {
      const std::string value = text_at(one, "value");
      out += "  " + text_at(one, "standing") + ": " + (value.empty() ? "?" : value) + " by " +
             text_at(one, "rule") + ", priority " + text_at(one, "priority") + " (" +
             text_at(one, "how") + ")\n";
    }
  }
  if (const std::string next = text_at(json, "next_change"); !next.empty())
    out += "decided anew at " + next + "\n";
  return out;
}

Command policy_command(const PolicyCommandShared& shared) {
  Command command;
  command.name = "policy";
  command.summary = "Rules that limit containers by themselves";
  command.commands = {list_command(shared), explain_command(shared), check_command()};
  return command;
}

}  // namespace plimsoll::agent
