// Text of /proc and /etc about processes. Pure.
#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "exporter/cadvisor/processes.h"

namespace plimsoll::exporter {

Result<ProcessStat> parse_process_stat(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  // A name may hold parentheses and blanks: it ends at the last one.
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return malformed(line);
  ProcessStat stat;
  stat.comm = line.substr(open + 1, close - open - 1);
  constexpr std::size_t kFields = 37;  // state is 3, processor 39.
  std::array<std::string_view, kFields> fields{};
  std::string_view rest = line.substr(close + 1);
  for (std::string_view& field : fields)
    if (!next_word(rest, field)) return malformed(line);
  bool good = fields[0].size() == 1;
  const auto read = [&]<class T>(std::size_t field, T& to) {
    const auto value = to_number<T>(fields[field - 3]);
    good = good && value.has_value();
    to = value.value_or(T{});
  };
  read(4, stat.ppid);
  read(5, stat.pgrp);
  read(6, stat.session);
  read(7, stat.tty);
  read(8, stat.foreground);
  read(14, stat.utime);
  read(15, stat.stime);
  read(19, stat.nice);
  read(20, stat.threads);
  read(22, stat.starttime);
  read(23, stat.virtual_bytes);
  read(24, stat.rss_pages);
  read(39, stat.processor);
  if (!good) return malformed(line);
  stat.state = fields[0].front();
  return stat;
}

std::string parse_process_cgroup(std::string_view text) {
  std::string_view memory;
  std::string_view cpu;
  std::string_view unified;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first == std::string_view::npos ? first : first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (controllers.empty()) unified = path;
    while (!controllers.empty()) {
      const std::size_t comma = std::min(controllers.find(','), controllers.size());
      const std::string_view name = controllers.substr(0, comma);
      if (name == "memory") memory = path;
      if (name == "cpu") cpu = path;
      controllers.remove_prefix(std::min(comma + 1, controllers.size()));
    }
  }
  for (const std::string_view path : {memory, cpu, unified})
    if (!path.empty()) return std::string(path);
  return "/";
}

std::map<std::uint32_t, std::string> parse_passwd(std::string_view text) {
  std::map<std::uint32_t, std::string> users;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t name_end = line.find(':');
    if (name_end == std::string_view::npos) continue;
    const std::size_t word_end = line.find(':', name_end + 1);
    if (word_end == std::string_view::npos) continue;
    const std::string_view rest = line.substr(word_end + 1);
    const auto uid = to_number<std::uint32_t>(rest.substr(0, rest.find(':')));
    if (uid) users.try_emplace(*uid, line.substr(0, name_end));  // The first name counts.
  }
  return users;
}

}  // namespace plimsoll::exporter
