#include "exporter/collect/processes.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "base/text.h"

namespace plimsoll::exporter {

namespace {

std::string path_of(std::int32_t id, const char* file) {
  return std::to_string(id) + "/" + file;
}

// procfs' words for a process that ended after we learned its number.
bool is_gone(const Error& error) {
  return error.kind == ErrorKind::kGone || error.kind == ErrorKind::kNotOffered ||
         error.os_error == ESRCH;
}

// Since Linux 6.2 the size of PROC/PID/fd is the number of descriptors, for everybody to see.
std::optional<std::uint64_t> size_of_table(const DirFd& proc, const std::string& path) {
  struct stat info{};
  if (::fstatat(proc.get(), path.c_str(), &info, 0) != 0 || info.st_size <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(info.st_size);
}

struct Counted {
  std::uint64_t descriptors = 0, sockets = 0;
};

Result<Counted> list_table(const DirFd& proc, const std::string& path) {
  Fd fd = PLIMSOLL_TRY(open_at(proc, path.c_str(), O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd.get()), &::closedir);
  if (!directory) return os_failure("fdopendir", path);
  static_cast<void>(fd.release());  // closedir closes it.
  Counted counted;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    ++counted.descriptors;
    std::array<char, 8> target{};  // "socket:[4711]": the beginning is enough.
    const ssize_t n =
        ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
    if (n > 0 &&
        std::string_view(target.data(), static_cast<std::size_t>(n)).starts_with("socket:"))
      ++counted.sockets;
  }
  return counted;
}

}  // namespace

Result<std::vector<std::int32_t>> parse_ids(std::string_view text) {
  std::vector<std::int32_t> ids;
  std::string_view line;
  while (next_line(text, line)) {
    const auto id = to_number<std::int32_t>(line);
    if (!id || *id < 0) return malformed(line);
    if (*id > 0) ids.push_back(*id);
  }
  return ids;
}

void Processes::note(const Error& error) {
  if (is_gone(error)) return;
  if (error.kind == ErrorKind::kMalformed) {
    ++stats_.malformed;
    return;
  }
  ++stats_.denied;
  if (error.kind == ErrorKind::kDenied && stats_.missing.empty()) stats_.missing = "CAP_SYS_PTRACE";
}

Result<std::string_view> Processes::read(std::int32_t id, const char* file) {
  const std::string path = path_of(id, file);
  return buffer_.read_at(proc_, path.c_str());
}

OpenFiles Processes::open_files(std::span<const std::int32_t> pids) {
  OpenFiles sum{.descriptors = 0, .sockets = 0};
  for (const std::int32_t pid : pids) {
    const std::string path = path_of(pid, "fd");
    const Result<Counted> counted = list_table(proc_, path);
    if (counted) {
      if (sum.descriptors) *sum.descriptors += counted->descriptors;
      if (sum.sockets) *sum.sockets += counted->sockets;
      continue;
    }
    note(counted.error());
    if (is_gone(counted.error())) continue;
    sum.sockets.reset();
    const auto size = size_of_table(proc_, path);
    if (sum.descriptors && size)
      *sum.descriptors += *size;
    else
      sum.descriptors.reset();
  }
  return sum;
}

std::optional<OpenFilesLimit> Processes::open_files_limit(std::int32_t pid) {
  const Result<std::string_view> text = read(pid, "limits");
  if (!text) return note(text.error()), std::nullopt;
  const auto limit = parse_open_files_limit(*text);
  if (!limit) return note(limit.error()), std::nullopt;
  return *limit;
}

std::optional<std::uint64_t> Processes::referenced(std::span<const std::int32_t> pids) {
  std::uint64_t sum = 0;
  for (const std::int32_t pid : pids) {
    // One walk and one sum, Linux 4.14; before that the kernel prints every mapping.
    Result<std::string_view> text = read(pid, "smaps_rollup");
    if (!text && text.error().os_error == ENOENT) text = read(pid, "smaps");
    if (!text) {
      note(text.error());
      if (is_gone(text.error())) continue;  // Or a kernel thread, which has no memory of its own.
      return std::nullopt;
    }
    const Result<std::uint64_t> bytes = parse_referenced(*text);
    if (!bytes) return note(bytes.error()), std::nullopt;
    sum += *bytes;
  }
  return sum;
}

void Processes::clear_referenced(std::span<const std::int32_t> pids) {
  for (const std::int32_t pid : pids) {
    const std::string path = path_of(pid, "clear_refs");
    const Result<Fd> fd = open_at(proc_, path.c_str(), O_WRONLY);
    if (!fd) {
      note(fd.error());
    } else if (::write(fd->get(), "1\n", 2) != 2) {
      note(os_failure("write", path).error());
    }
  }
}

std::optional<SchedStat> Processes::sched(std::int32_t thread) {
  const Result<std::string_view> text = read(thread, "schedstat");
  if (!text) return note(text.error()), std::nullopt;
  const Result<SchedStat> stat = parse_schedstat(*text);
  if (!stat) return note(stat.error()), std::nullopt;
  return *stat;
}

TaskStates Processes::states(std::span<const std::int32_t> threads) {
  TaskStates states;
  for (const std::int32_t thread : threads) {
    const Result<std::string_view> text = read(thread, "stat");
    if (!text) {
      note(text.error());
      continue;
    }
    const Result<char> letter = parse_task_state(*text);
    if (letter)
      count_state(states, *letter);
    else
      note(letter.error());
  }
  return states;
}

}  // namespace plimsoll::exporter
