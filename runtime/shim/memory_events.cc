#include "runtime/shim/memory_events.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::shim {

Result<std::string_view> unified_group(std::string_view cgroup_file) {
  std::string_view rest = cgroup_file;
  std::string_view line;
  while (next_line(rest, line))
    if (line.starts_with("0::/")) return line.substr(3);
  return malformed(cgroup_file);
}

bool has_oom_kill(std::string_view memory_events) {
  constexpr std::string_view kKey = "oom_kill ";
  std::string_view rest = memory_events;
  std::string_view line;
  while (next_line(rest, line))
    if (line.starts_with(kKey))
      return to_number<std::uint64_t>(trim(line.substr(kKey.size()))).value_or(0) != 0;
  return false;
}

Result<Fd> open_memory_events(const std::string& root, pid_t pid) {
  const std::string file = "/proc/" + std::to_string(pid) + "/cgroup";
  const std::string text = PLIMSOLL_TRY(read_file_at(DirFd(AT_FDCWD), file.c_str()));
  const std::string_view group = PLIMSOLL_TRY(in(file, unified_group(text)));
  const std::string path = root + std::string(group) + "/memory.events";
  Fd events(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!events) return os_failure("open", path);
  return events;
}

bool tells_of_oom_kill(const Fd& events) {
  if (!events) return false;
  std::array<char, 1024> text{};
  const ssize_t count = ::pread(events.get(), text.data(), text.size(), 0);
  return count > 0 && has_oom_kill({text.data(), static_cast<std::size_t>(count)});
}

}  // namespace plimsoll::shim
