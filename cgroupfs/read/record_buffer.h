// Reads one control file in as few system calls as the kernel's rules allow. Reused from file to
// file by one reader; a view is good until the next read.
//
// The general law is that only a read of 0 bytes ends a file. Control files that the kernel shows
// in one piece (every one but cgroup.procs, cgroup.threads and tasks) allow better: seq_read_iter()
// enlarges its own buffer until the one record fits and then copies all of it that the caller has
// room for. So a read that did not fill our buffer was the whole file, and the second call, which
// would only say 0, is saved. docs/decisions/0003 has the argument and the measurement, a kernel
// test compares both ways on every control file of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::cgroupfs {

enum class Records : std::uint8_t {
  kOne,  // Shown in one piece: a short read is the end.
  kMany  // Iterated (cgroup.procs): a read may stop short at any record; only 0 is the end.
};

class RecordBuffer {
 public:
  RecordBuffer() : bytes_(kInitialSize) {}
  // The whole file from offset 0, wherever its position is. `name` is for errors only.
  [[nodiscard]] Result<std::string_view> read(const Fd& fd, Records records, std::string_view name);

 private:
  static constexpr std::size_t kInitialSize = std::size_t{64} * 1024;
  std::vector<char> bytes_;
};

}  // namespace plimsoll::cgroupfs
