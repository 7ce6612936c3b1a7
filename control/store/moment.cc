#include "control/store/moment.h"

#include <ctime>

#include "base/open_in_root.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll::control {

Result<std::string> read_boot_id(const DirFd& proc) {
  constexpr const char* kFile = "sys/kernel/random/boot_id";
  const Fd file = PLIMSOLL_TRY(open_in_root(proc, kFile, O_RDONLY));
  ReadBuffer buffer;
  const std::string_view id = trim(PLIMSOLL_TRY(buffer.read_all(file, kFile)));
  if (id.empty()) return malformed(kFile);
  return std::string(id);
}

Moment now(const std::string& boot_id) {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return {.boot_id = boot_id,
          .since_boot = std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec),
          .wall = RealClock().wall()};
}

}  // namespace plimsoll::control
