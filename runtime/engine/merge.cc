#include "runtime/engine/merge.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>
#include <utility>

#include "base/fill_in.h"
#include "base/number.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

bool same_name(const std::string& left, std::string_view name) {
  return left.size() >= name.size() && left.starts_with(name) &&
         (left.size() == name.size() || left[name.size()] == '=');
}

// What is not asked of a check comes from the image's.
void merge_health(std::optional<model::Healthcheck>& asked,
                  const std::optional<model::Healthcheck>& image) {
  if (!image) return;
  if (!asked) {
    asked = image;
    return;
  }
  if (asked->test.empty()) asked->test = image->test;
  const auto take = [](auto& value, const auto& other) {
    if (value == std::decay_t<decltype(value)>{}) value = other;
  };
  take(asked->interval, image->interval);
  take(asked->timeout, image->timeout);
  take(asked->start_period, image->start_period);
  take(asked->start_interval, image->start_interval);
  take(asked->retries, image->retries);
}

bool is_empty(const std::optional<std::vector<std::string>>& words) {
  return !words || words->empty();
}

constexpr std::array<std::pair<std::string_view, int>, 34> kSignals{
    {{"HUP", SIGHUP},     {"INT", SIGINT},   {"QUIT", SIGQUIT},     {"ILL", SIGILL},
     {"TRAP", SIGTRAP},   {"ABRT", SIGABRT}, {"IOT", SIGABRT},      {"BUS", SIGBUS},
     {"FPE", SIGFPE},     {"KILL", SIGKILL}, {"USR1", SIGUSR1},     {"SEGV", SIGSEGV},
     {"USR2", SIGUSR2},   {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},     {"TERM", SIGTERM},
     {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},     {"STOP", SIGSTOP},
     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
     {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGIO},       {"PWR", SIGPWR},
     {"SYS", SIGSYS},     {"STKFLT", 16}}};

// "RTMIN+3", "RTMAX-2": numbered as Docker does, from 34 to 64.
std::optional<int> realtime_signal(std::string_view name) {
  constexpr int kMin = 34;
  constexpr int kMax = 64;
  const bool from_min = name.starts_with("RTMIN");
  if (!from_min && !name.starts_with("RTMAX")) return std::nullopt;
  name.remove_prefix(5);
  if (name.empty()) return from_min ? kMin : kMax;
  if (name.front() != (from_min ? '+' : '-')) return std::nullopt;
  const auto offset = to_number<int>(name.substr(1));
  if (!offset || *offset < 0 || *offset > kMax - kMin) return std::nullopt;
  return from_min ? kMin + *offset : kMax - *offset;
}

}  // namespace

void set_variable(std::vector<std::string>& env, const std::string& variable) {
  const std::size_t equals = variable.find('=');
  const std::string_view name = std::string_view(variable).substr(0, equals);
  const auto old =
      std::ranges::find_if(env, [name](const std::string& one) { return same_name(one, name); });
  if (equals == std::string::npos) {
    if (old != env.end()) env.erase(old);
  } else if (old == env.end()) {
    env.push_back(variable);
  } else {
    *old = variable;
  }
}

Answer<model::Config> merge(model::Config asked, const model::Config& image) {
  if (asked.user.empty()) asked.user = image.user;
  asked.exposed_ports.insert(image.exposed_ports.begin(), image.exposed_ports.end());
  std::vector<std::string> env = image.env;
  for (const std::string& variable : asked.env) set_variable(env, variable);
  asked.env = std::move(env);
  for (const auto& [key, value] : image.labels) asked.labels.try_emplace(key, value);
  // An entry point that was asked for stands without the image's command.
  if (!asked.entrypoint) {
    if (is_empty(asked.cmd)) {
      asked.cmd = image.cmd;
      asked.args_escaped = image.args_escaped;
    }
    asked.entrypoint = image.entrypoint;
  }
  // [""]: none at all, though the image has one.
  if (asked.entrypoint && asked.entrypoint->size() == 1 && asked.entrypoint->front().empty())
    asked.entrypoint.reset();
  if (asked.working_dir.empty()) asked.working_dir = image.working_dir;
  asked.volumes.insert(image.volumes.begin(), image.volumes.end());
  if (asked.stop_signal.empty()) asked.stop_signal = image.stop_signal;
  if (!asked.stop_timeout) asked.stop_timeout = image.stop_timeout;
  if (!asked.shell) asked.shell = image.shell;
  merge_health(asked.healthcheck, image.healthcheck);
  if (is_empty(asked.entrypoint) && is_empty(asked.cmd))
    return refuse(Refused::kInvalid, "No command specified");
  if (!asked.working_dir.empty() && asked.working_dir.front() != '/')
    return refuse(Refused::kInvalid,
                  fill_in("the working directory '{}' is invalid, it needs to be an absolute path",
                          asked.working_dir));
  if (!asked.stop_signal.empty()) PLIMSOLL_TRY(signal_of(asked.stop_signal));
  return asked;
}

Program program_of(const model::Config& config) {
  std::vector<std::string> words;
  if (config.entrypoint) words = *config.entrypoint;
  if (config.cmd) words.insert(words.end(), config.cmd->begin(), config.cmd->end());
  Program program;
  if (words.empty()) return program;
  program.path = words.front();
  program.args.assign(words.begin() + 1, words.end());
  return program;
}

Answer<int> signal_of(const std::string& text) {
  constexpr int kMost = 64;
  const auto number = to_number<int>(text);
  if (number && *number > 0 && *number <= kMost) return *number;
  std::string name = text;
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (name.starts_with("SIG")) name.erase(0, 3);
  const auto found = std::ranges::find(kSignals, name, &std::pair<std::string_view, int>::first);
  if (!number && found != kSignals.end()) return found->second;
  if (const auto realtime = realtime_signal(name)) return *realtime;
  return refuse(Refused::kInvalid, fill_in("Invalid signal: {}", text));
}

std::string other_of(const std::string& mode) {
  constexpr std::string_view kPrefix = "container:";
  return mode.starts_with(kPrefix) ? mode.substr(kPrefix.size()) : std::string();
}

}  // namespace plimsoll::engine
