#include "agent/limit/limit_command.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "agent/complain.h"
#include "agent/exit_code.h"
#include "agent/limit/answer.h"
#include "agent/limit/engine_client.h"
#include "agent/limit/policy_command.h"
#include "agent/limit/render.h"
#include "agent/limit/typed_flags.h"
#include "agent/terminal.h"
#include "base/go_duration.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kLimits = "/plimsoll/v1/limits";
constexpr std::chrono::seconds kEnginesDeadline{10};

// What the subcommands share.
struct Common {
  std::string socket = "/run/plimsoll/plimsoll.sock";
  bool json = false;
};
using CommonPtr = std::shared_ptr<Common>;

struct Change {
  Change(Verb which, TypedFlags::Form form) : verb(which), flags(form) {}
  Verb verb;
  TypedFlags flags;
  RequestOptions options;
  bool what_if = false;
  std::vector<std::string> references;
};
using ChangePtr = std::shared_ptr<Change>;

int unanswered(const NoAnswer& none) {
  complain("limit", none.message);
  return none.exit_code;
}

int print(const std::string& text, int exit_code = kExitOk) {
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  if (written) return exit_code;
  complain("limit", written.error().message());
  return kExitFailure;
}

WallTime now() {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

std::string path_of(const std::string& reference) {
  return std::string(kLimits) + "/" + percent_encoded(reference);
}

Result<std::string> find_disk(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return os_failure("stat", path);
  if (!S_ISBLK(facts.st_mode)) return invalid_input("limit", path + " is not a disk");
  return std::to_string(major(facts.st_rdev)) + ":" + std::to_string(minor(facts.st_rdev));
}

int show(const Common& common, const std::vector<std::string>& references) {
  const EngineClient engine(common.socket);
  const auto body =
      engine.get(references.empty() ? std::string(kLimits) : path_of(references.front()));
  if (!body) return unanswered(body.error());
  if (common.json) return print(*body);
  if (references.empty()) {
    const auto all = decode_targets(*body);
    return all ? print(render_targets(*all, now())) : complain("limit", all.error());
  }
  const auto shown = decode_target(*body);
  return shown ? print(render_target(*shown, now())) : complain("limit", shown.error());
}

int history(const Common& common, const std::vector<std::string>& references, std::uint64_t most) {
  std::string target = "/plimsoll/v1/history?limit=" + std::to_string(most);
  if (!references.empty()) target += "&ref=" + percent_encoded(references.front());
  const auto body = EngineClient(common.socket).get(target);
  if (!body) return unanswered(body.error());
  const auto answer = decode_history(*body);
  if (!answer) return complain("limit", answer.error());
  const bool sound = answer->broken.empty();
  if (!sound) complain("limit", "the audit log does not verify: " + answer->broken);
  return print(common.json ? *body : render_history(*answer), sound ? kExitOk : kExitFailure);
}

// Prints the answer to a change; the fault goes to stderr, what was planned to stdout.
int print_change(const Common& common, const http::ClientResponse& response) {
  const int exit_code = exit_code_of_status(response.status);
  const auto answer = decode_change(response.body);
  if (!answer) {
    complain("limit", answer.error().message());
    return kExitFailure;
  }
  if (answer->fault) complain("limit", answer->fault->message);
  return print(common.json ? response.body : render_change(*answer), exit_code);
}

// "all disks", memory out of memory and swap, and --what-if need to know what holds now.
Result<LimitWishes> complete(LimitWishes wishes, const std::optional<ShownTarget>& before) {
  if (!before || !wishes.needs_current()) return wishes;
  const std::vector<Current> now = currents_of(*before);
  return completed(std::move(wishes), now);
}

int change(const Common& common, const Change& typed) {
  auto wishes = parse_wishes(typed.verb, typed.flags.typed(), typed.options, find_disk);
  if (!wishes) return complain("limit", wishes.error());
  const std::string path = path_of(typed.references.front());
  const auto deadline = parse_go_duration(typed.options.deadline).value_or(kEnginesDeadline);
  const EngineClient engine(common.socket, deadline);
  std::optional<ShownTarget> before;
  if (wishes->needs_current() || typed.what_if) {
    const auto body = engine.get(path);
    if (!body) return unanswered(body.error());
    auto shown = decode_target(*body);
    if (!shown) return complain("limit", shown.error());
    before = *std::move(shown);
  }
  wishes = complete(*std::move(wishes), before);
  if (!wishes) return complain("limit", wishes.error());
  const auto response = engine.post(path, to_json(*wishes));
  if (!response) return unanswered(response.error());
  const int exit_code = print_change(common, *response);
  if (!typed.what_if || common.json || exit_code != kExitOk) return exit_code;
  const auto answer = decode_change(response->body);
  if (!answer) return exit_code;  // Said already.
  return print("\n" + render_what_if(*before, *wishes, answer->outlook));
}

const char* const kReference = "Container: name, id or a unique beginning of it; cgroup:/path";

// The one word that every change is about.
int run_on_one(const ChangePtr& typed, const CommonPtr& common) {
  if (typed->references.size() == 1) return change(*common, *typed);
  complain("limit", typed->references.empty() ? "say which container: a name, an id or cgroup:/path"
                                              : "one container at a time");
  return kExitUsage;
}

Command change_command(const CommonPtr& common, const ChangePtr& typed, std::string name,
                       std::string summary) {
  Command command;
  command.name = std::move(name);
  command.summary = std::move(summary);
  RequestOptions& options = typed->options;
  command.options = {{"REF", &typed->references, kReference, {}, {}}};
  if (command.name != "plan")
    command.options.push_back({"--dry-run", &options.dry_run, "Only plan, as 'plan' does", {}, {}});
  if (typed->verb != Verb::kRestore)
    command.options.push_back(
        {"--for", &options.lease, "Put it back after this time, such as 10m", "TIME", {}});
  command.options.push_back(
      {"--force", &options.force, "Take memory away even where the OOM killer may come", {}, {}});
  command.options.push_back({"--deadline",
                             &options.deadline,
                             "How long taking memory away may last (default 10s)",
                             "TIME",
                             {}});
  command.options.push_back({"--accept-direct-io",
                             &options.accept_direct_io,
                             "Set caps on writes on cgroup v1, which hold direct ones only",
                             {},
                             {}});
  typed->flags.add_to(command.options);
  command.run = [common, typed] { return run_on_one(typed, common); };
  return command;
}

Command set_command(const CommonPtr& common) {
  const auto typed = std::make_shared<Change>(Verb::kSet, TypedFlags::Form::kValues);
  Command command = change_command(common, typed, "set", "Change limits; all of them, or none");
  command.details =
      "Bytes: 64M, 1.5G, 50% (of the host's). CPUs: 0.25, 25%, 25ms per period. 'max' (or -1) is "
      "no\n"
      "limit. DISK is 8:0 or /dev/sda. --memory-swap is memory and swap together, as docker has "
      "it;\n"
      "--swap is swap alone.\n\n"
      "Examples:\n"
      "  plimsoll limit set web --memory 64M --cpus 0.25 --pids 100\n"
      "  plimsoll limit set web --memory max\n"
      "  plimsoll limit set web --cpus 2 --for 10m\n"
      "  plimsoll limit set db --io-rbps /dev/sda=10M --io-rbps 8:16=5M\n";
  return command;
}

Command plan_command(const CommonPtr& common) {
  const auto typed = std::make_shared<Change>(Verb::kSet, TypedFlags::Form::kValues);
  typed->options.dry_run = true;
  Command command =
      change_command(common, typed, "plan", "What 'set' would write, in which order, and why");
  command.options.push_back({"--what-if",
                             &typed->what_if,
                             "Then a table of now and then, and what it would mean",
                             {},
                             {}});
  command.details = "Nothing is written. Exit code 1: it would be refused.\n";
  return command;
}

Command unset_command(const CommonPtr& common) {
  const auto typed = std::make_shared<Change>(Verb::kUnset, TypedFlags::Form::kNames);
  Command command =
      change_command(common, typed, "unset", "Take limits away: back to the kernel's default");
  command.details =
      "Examples:\n  plimsoll limit unset web --memory --cpus\n"
      "  plimsoll limit unset db --io-rbps=8:0\n";
  return command;
}

Command restore_command(const CommonPtr& common) {
  const auto typed = std::make_shared<Change>(Verb::kRestore, TypedFlags::Form::kNames);
  Command command =
      change_command(common, typed, "restore", "Bring back what was there before the first change");
  command.details = "Without flags: everything that was changed.\n";
  return command;
}

Command show_command(const CommonPtr& common) {
  const auto references = std::make_shared<std::vector<std::string>>();
  Command command;
  command.name = "show";
  command.summary = "A container's limits; without one, everything that was changed";
  command.options = {{"REF", references.get(), kReference, {}, {}}};
  command.run = [common, references] {
    if (references->size() <= 1) return show(*common, *references);
    complain("limit", "one container at a time");
    return static_cast<int>(kExitUsage);
  };
  return command;
}

Command history_command(const CommonPtr& common) {
  struct State {
    std::vector<std::string> references;
    std::uint64_t most = 100;
  };
  const auto state = std::make_shared<State>();
  Command command;
  command.name = "history";
  command.summary = "Who changed what, from the audit log, which is verified on the way";
  command.options = {{"REF", &state->references, kReference, {}, {}},
                     {"-n,--limit", &state->most, "The newest N (default 100)", "N", {}}};
  command.run = [common, state] {
    if (state->references.size() <= 1) return history(*common, state->references, state->most);
    complain("limit", "one container at a time");
    return static_cast<int>(kExitUsage);
  };
  return command;
}

}  // namespace

Command limit_command() {
  const auto common = std::make_shared<Common>();
  Command command;
  command.name = "limit";
  command.summary = "Show, plan, set, unset and restore limits of containers";
  command.details =
      "Exit code 0: done; 1: failed or refused; 2: usage; 3: no such container;\n"
      "4: no permission; 5: no engine.\n";
  command.options = {{"--socket",
                      &common->socket,
                      "The engine's socket (default /run/plimsoll/plimsoll.sock)",
                      "PATH",
                      {}},
                     {"--json", &common->json, "The engine's answer as it is", {}, {}}};
  for (Command (*make)(const CommonPtr&) :
       {show_command, plan_command, set_command, unset_command, restore_command, history_command})
    command.commands.push_back(make(common));
  command.commands.push_back(
      policy_command({.socket = {common, &common->socket}, .json = {common, &common->json}}));
  return command;
}

}  // namespace plimsoll::agent
