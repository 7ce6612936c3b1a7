#include "exporter/cadvisor/processes.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <memory>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

using DirPtr = std::unique_ptr<DIR, int (*)(DIR*)>;

DirPtr open_listing(const DirFd& proc, const char* name) {
  Result<Fd> fd = open_at(proc, name, O_RDONLY | O_DIRECTORY);
  if (!fd) return {nullptr, &::closedir};
  DirPtr dir(::fdopendir(fd->get()), &::closedir);
  if (dir) static_cast<void>(fd->release());  // closedir closes it.
  return dir;
}

std::optional<std::uint64_t> count_fds(const DirFd& proc, const std::string& pid) {
  const DirPtr dir = open_listing(proc, (pid + "/fd").c_str());
  if (!dir) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(dir.get()))
    if (entry->d_name[0] != '.') ++count;
  return count;
}

double one_decimal(double value) {
  return std::isfinite(value) ? std::round(value * 10) / 10 : 0;
}

std::string two_digits(std::uint64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// ps' TIME: "[DD-]hh:mm:ss".
std::string cpu_time(std::uint64_t seconds) {
  const std::string clock = two_digits(seconds / 3600 % 24) + ":" + two_digits(seconds / 60 % 60) +
                            ":" + two_digits(seconds % 60);
  const std::uint64_t days = seconds / 86400;
  return days > 0 ? std::to_string(days) + "-" + clock : clock;
}

// ps' STIME, in the host's local time.
std::string start_text(std::time_t start, std::time_t now) {
  std::tm started{};
  std::tm today{};
  if (::localtime_r(&start, &started) == nullptr || ::localtime_r(&now, &today) == nullptr)
    return "-";
  const char* format = "%Y";
  if (started.tm_year == today.tm_year)
    format = started.tm_yday == today.tm_yday ? "%H:%M" : "%b%d";
  std::array<char, 16> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &started);
  return {text.data(), size};
}

// ps' STAT: the state, then < or N for niceness, s for a session leader, l for threads, + for the
// foreground. (L, locked pages, would need another file.)
std::string status_text(const ProcessStat& stat, std::int32_t pid) {
  std::string status(1, stat.state);
  if (stat.nice < 0) status += '<';
  if (stat.nice > 0) status += 'N';
  if (stat.session == pid) status += 's';
  if (stat.threads > 1) status += 'l';
  if (stat.tty != 0 && stat.foreground == stat.pgrp) status += '+';
  return status;
}

// The uid that owns PROC/<pid> is the effective one, which is what ps prints.
std::optional<std::uint32_t> owner_of(const DirFd& proc, const std::string& pid) {
  struct stat status{};
  if (::fstatat(proc.get(), pid.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return status.st_uid;
}

std::optional<ProcessRow> read_process(const DirFd& proc, const std::string& pid,
                                       std::string_view cgroup, const ProcessTable& table,
                                       ReadBuffer& buffer) {
  const Result<std::string_view> cgroups = buffer.read_at(proc, (pid + "/cgroup").c_str());
  if (!cgroups) return std::nullopt;
  std::string path = parse_process_cgroup(*cgroups);
  if (cgroup != "/" && path != cgroup) return std::nullopt;
  const Result<std::string_view> text = buffer.read_at(proc, (pid + "/stat").c_str());
  if (!text) return std::nullopt;
  const Result<ProcessStat> stat = parse_process_stat(*text);
  const std::optional<std::uint32_t> uid = owner_of(proc, pid);
  if (!stat || !uid) return std::nullopt;
  ProcessRow row = process_row(to_number<std::int32_t>(pid).value_or(0), *uid, *stat, table);
  row.cgroup = std::move(path);
  row.fd_count = count_fds(proc, pid);
  return row;
}

}  // namespace

ProcessRow process_row(std::int32_t pid, std::uint32_t uid, const ProcessStat& stat,
                       const ProcessTable& table) {
  const auto now = std::chrono::duration<double>(table.now.time_since_epoch()).count();
  const auto ticks = static_cast<double>(table.ticks_per_second);
  const double start =
      static_cast<double>(table.boot_time_seconds) + static_cast<double>(stat.starttime) / ticks;
  const double used = static_cast<double>(stat.utime + stat.stime) / ticks;
  ProcessRow row;
  const auto user = table.users.find(uid);
  row.user = user != table.users.end() ? user->second : std::to_string(uid);
  row.pid = pid;
  row.ppid = stat.ppid;
  row.start_time = start_text(static_cast<std::time_t>(start), static_cast<std::time_t>(now));
  row.percent_cpu = one_decimal(now > start ? used / (now - start) * 100 : 0);
  row.rss = static_cast<std::uint64_t>(std::max<std::int64_t>(stat.rss_pages, 0)) * table.page_size;
  row.percent_memory =
      one_decimal(table.memory_bytes > 0
                      ? static_cast<double>(row.rss) / static_cast<double>(table.memory_bytes) * 100
                      : 0);
  row.virtual_size = stat.virtual_bytes;
  row.status = status_text(stat, pid);
  row.running_time = cpu_time(static_cast<std::uint64_t>(used));
  row.cmd = stat.comm;
  row.psr = stat.processor;
  return row;
}

Result<std::vector<ProcessRow>> list_processes(const DirFd& proc, std::string_view cgroup,
                                               const ProcessTable& table) {
  const DirPtr dir = open_listing(proc, ".");
  if (!dir) return os_failure("opendir", "/proc");
  std::vector<std::string> pids;
  while (const dirent* entry = ::readdir(dir.get()))
    if (to_number<std::uint32_t>(entry->d_name)) pids.emplace_back(entry->d_name);
  std::vector<ProcessRow> rows;
  ReadBuffer buffer;
  for (const std::string& pid : pids)
    if (auto row = read_process(proc, pid, cgroup, table, buffer)) rows.push_back(*std::move(row));
  std::ranges::sort(rows, {}, &ProcessRow::pid);
  return rows;
}

}  // namespace plimsoll::exporter
