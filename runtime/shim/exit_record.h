// What became of a container, as it is kept on disk and told over the socket:
//   {"pid":123,"exit_code":137,"signal":9,"at":"2026-11-20T23:33:55.123456789Z","log_lost":0}
// and ,"oom_kill":true at its end where the keeper saw one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::shim {

struct ExitRecord {
  pid_t pid = 0;
  int exit_code = 0;  // 128 + the signal's number for who was killed.
  int signal = 0;
  WallTime at;
  std::uint64_t log_lost = 0;  // Bytes of its output that could not be written.
  bool oom_kill = false;       // Something in its group was killed for lack of memory.
  bool operator==(const ExitRecord&) const = default;
};

// Of a status of waitpid(2).
[[nodiscard]] ExitRecord exit_record(pid_t pid, int status, WallTime at);
// One line. The way back takes exactly what the way there writes: kMalformed else.
[[nodiscard]] std::string to_text(const ExitRecord& record);
[[nodiscard]] Result<ExitRecord> parse_exit_record(std::string_view text);

inline constexpr const char* kExitFile = "exit.json";
// In place of whatever is there, whole or not at all, and on the disk when it returns.
[[nodiscard]] Result<> write_exit_record(const DirFd& dir, const ExitRecord& record);

}  // namespace plimsoll::shim
