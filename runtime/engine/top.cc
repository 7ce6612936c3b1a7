// The processes of a container, as `ps -ef` lists them, read from /proc; other columns by the
// host's ps, as dockerd does it.
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <set>
#include <utility>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/files.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

std::string user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(uid);
}

// "pts/0", "?": of field tty_nr.
std::string terminal_name(unsigned number) {
  constexpr unsigned kFirstPts = 136;
  constexpr unsigned kLastPts = 143;
  const unsigned major_number = (number >> 8U) & 0xfffU;
  const unsigned minor_number = (number & 0xffU) | ((number >> 12U) & 0xfff00U);
  if (major_number >= kFirstPts && major_number <= kLastPts)
    return "pts/" + std::to_string((major_number - kFirstPts) * 256 + minor_number);
  if (major_number == 4) return "tty" + std::to_string(minor_number);
  return "?";
}

std::string two_digits(std::uint64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string clock_text(std::uint64_t seconds) {
  return two_digits(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) + ":" +
         two_digits(seconds % 60);
}

std::uint64_t boot_seconds() {
  const auto text = read_text("/proc/stat");
  const std::size_t at = text ? text->find("\nbtime ") : std::string::npos;
  if (at == std::string::npos) return 0;
  const std::string_view rest = std::string_view(*text).substr(at + 7);
  return to_number<std::uint64_t>(rest.substr(0, rest.find('\n'))).value_or(0);
}

// When it began: the hour today, the day otherwise.
std::string start_text(std::uint64_t started) {
  const auto now = ::time(nullptr);
  const auto then = static_cast<std::time_t>(started);
  std::tm today{};
  std::tm that{};
  ::localtime_r(&now, &today);
  ::localtime_r(&then, &that);
  const char* format = "%H:%M";
  if (that.tm_yday != today.tm_yday || that.tm_year != today.tm_year) format = "%b%d";
  if (that.tm_year != today.tm_year) format = "%Y";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &that)};
}

std::vector<std::string> row_of(pid_t pid, std::uint64_t booted) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const auto stat = read_text(directory + "/stat");
  const std::size_t close = stat ? stat->rfind(')') : std::string::npos;
  if (close == std::string::npos) return {};
  const std::string name = stat->substr(stat->find('(') + 1, close - stat->find('(') - 1);
  std::vector<std::string_view> fields;  // From field 3 on.
  std::string_view rest = std::string_view(*stat).substr(close + 1);
  std::string_view word;
  while (next_word(rest, word)) fields.push_back(word);
  constexpr std::size_t kFields = 20;
  if (fields.size() < kFields) return {};
  const auto number = [&](std::size_t field) {
    return to_number<std::uint64_t>(fields[field - 3]).value_or(0);
  };
  const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::uint64_t cpu = (number(14) + number(15)) / ticks;
  const std::uint64_t started = booted + number(22) / ticks;
  const auto now = static_cast<std::uint64_t>(::time(nullptr));
  const std::uint64_t percent =
      now > started ? std::min<std::uint64_t>(cpu * 100 / (now - started), 99) : 0;
  struct stat owner{};
  if (::stat(directory.c_str(), &owner) != 0) return {};
  auto command = read_text(directory + "/cmdline");
  std::string line = command ? *command : std::string();
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::ranges::replace(line, '\0', ' ');
  if (line.empty()) line = "[" + name + "]";
  return {user_name(owner.st_uid), std::to_string(pid),
          std::string(fields[1]),  std::to_string(percent),
          start_text(started),     terminal_name(static_cast<unsigned>(number(7))),
          clock_text(cpu),         std::move(line)};
}

Answer<std::string> run_ps(const std::string& arguments) {
  std::vector<std::string> words{"ps"};
  std::string_view rest = arguments;
  std::string_view word;
  while (next_word(rest, word)) words.emplace_back(word);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& one : words) argv.push_back(one.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return refuse(Refused::kFailed, "pipe2: ps");
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 2);
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 2> envp{path.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, "ps", &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  theirs.reset();
  if (error != 0)
    return refuse(Refused::kNotOffered, "this host has no ps: only the default columns are there");
  std::string text;
  std::array<char, 8192> bytes{};
  for (;;) {
    const ssize_t count = ::read(ours.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(bytes.data(), static_cast<std::size_t>(count));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return refuse(Refused::kFailed, fill_in("error running ps: {}", trim(text)));
  return text;
}

Answer<Top> filter_ps(const std::string& text, const std::set<pid_t>& pids) {
  Top top;
  std::string_view rest = text;
  std::string_view line;
  if (!next_line(rest, line)) return refuse(Refused::kFailed, "ps said nothing");
  std::string_view word;
  while (next_word(line, word)) top.titles.emplace_back(word);
  const auto title = std::ranges::find(top.titles, "PID");
  if (title == top.titles.end())
    return refuse(Refused::kInvalid, "Couldn't find PID field in ps output");
  const auto column = static_cast<std::size_t>(title - top.titles.begin());
  while (next_line(rest, line)) {
    std::vector<std::string> row;
    while (row.size() + 1 < top.titles.size() && next_word(line, word)) row.emplace_back(word);
    if (!trim(line).empty()) row.emplace_back(trim(line));
    if (row.size() <= column) continue;
    const auto pid = to_number<pid_t>(row[column]);
    if (pid && pids.contains(*pid)) top.processes.push_back(std::move(row));
  }
  return top;
}

}  // namespace

Answer<Top> EngineImpl::top(std::string_view reference, const std::string& ps_arguments) const {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const ContainerPtr container = seen_of(*entry);
  if (container->state.status == Status::kRestarting)
    return refuse(
        Refused::kConflict,
        fill_in("Container {} is restarting, wait until the container is running", container->id));
  if (!container->state.running())
    return refuse(Refused::kConflict, fill_in("container {} is not running", container->id));
  const auto listed = PLIMSOLL_TRY(runtime::processes(*host_, entry->id));
  const std::set<pid_t> pids(listed.begin(), listed.end());
  if (!trim(ps_arguments).empty() && trim(ps_arguments) != "-ef") {
    const std::string text = PLIMSOLL_TRY(run_ps(ps_arguments));
    return filter_ps(text, pids);
  }
  Top top;
  top.titles = {"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"};
  const std::uint64_t booted = boot_seconds();
  for (const pid_t pid : pids)
    if (auto row = row_of(pid, booted); !row.empty()) top.processes.push_back(std::move(row));
  return top;
}

}  // namespace plimsoll::engine
