#include "runtime/shim/exit_record.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::shim {
namespace {

constexpr std::string_view kOomKill = ",\"oom_kill\":true}\n";

// Takes `key` and then all up to `end` off the text.
Result<std::string_view> take(std::string_view& text, std::string_view key, char end) {
  const std::size_t at =
      text.starts_with(key) ? text.find(end, key.size()) : std::string_view::npos;
  if (at == std::string_view::npos) return malformed(text);
  const std::string_view value = text.substr(key.size(), at - key.size());
  text.remove_prefix(at);
  return value;
}

template <class T>
Result<T> number(std::string_view& text, std::string_view key, char end) {
  const std::string_view word = PLIMSOLL_TRY(take(text, key, end));
  const auto value = to_number<T>(word);
  if (!value || *value < 0) return malformed(word);
  return *value;
}

}  // namespace

ExitRecord exit_record(pid_t pid, int status, WallTime at) {
  ExitRecord record{.pid = pid, .at = at};
  if (WIFSIGNALED(status)) record.signal = WTERMSIG(status);
  record.exit_code = WIFSIGNALED(status) ? 128 + record.signal : WEXITSTATUS(status);
  return record;
}

std::string to_text(const ExitRecord& record) {
  return R"({"pid":)" + std::to_string(record.pid) + R"(,"exit_code":)" +
         std::to_string(record.exit_code) + R"(,"signal":)" + std::to_string(record.signal) +
         R"(,"at":")" + rfc3339(record.at) + R"(","log_lost":)" + std::to_string(record.log_lost) +
         std::string(record.oom_kill ? kOomKill : "}\n");
}

Result<ExitRecord> parse_exit_record(std::string_view text) {
  ExitRecord record;
  std::string_view rest = text;
  record.pid = PLIMSOLL_TRY(number<pid_t>(rest, R"({"pid":)", ','));
  record.exit_code = PLIMSOLL_TRY(number<int>(rest, R"(,"exit_code":)", ','));
  record.signal = PLIMSOLL_TRY(number<int>(rest, R"(,"signal":)", ','));
  const auto at = parse_rfc3339(PLIMSOLL_TRY(take(rest, R"(,"at":")", '"')));
  if (!at) return malformed(text);
  record.at = *at;
  record.oom_kill = rest.ends_with(kOomKill);
  const char end = record.oom_kill ? ',' : '}';
  record.log_lost = PLIMSOLL_TRY(number<std::uint64_t>(rest, R"(","log_lost":)", end));
  if (record.oom_kill && rest == kOomKill) return record;
  if (rest != "}\n") return malformed(text);
  return record;
}

Result<> write_exit_record(const DirFd& dir, const ExitRecord& record) {
  constexpr const char* kNew = "exit.json.new";
  const std::string text = to_text(record);
  const Fd file(
      ::openat(dir.get(), kNew, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return os_failure("openat", kNew);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return os_failure("write", kNew);
  if (::fsync(file.get()) != 0) return os_failure("fsync", kNew);
  if (::renameat(dir.get(), kNew, dir.get(), kExitFile) != 0)
    return os_failure("renameat", kExitFile);
  return {};
}

}  // namespace plimsoll::shim
