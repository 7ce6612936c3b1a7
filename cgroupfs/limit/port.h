// The seam between a plan and the kernel: read and write one control file of one group. CgroupPort
// is the kernel; tests put a fake here and let any call fail.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/fd.h"
#include "base/read_file.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::limit {

// Errors of both: kGone when the group was removed or replaced, kNotOffered without such a file,
// else by errno (Error::os_error is the kernel's). Not thread-safe. A write may block for long
// where the kernel reclaims memory for it (memory.max, memory.high, memory.limit_in_bytes): never
// call it on an event loop.
class KernelPort {
 public:
  virtual ~KernelPort() = default;
  // The whole text without the newline at the end.
  [[nodiscard]] virtual Result<std::string> read(const Place& place, const std::string& file) = 0;
  // Exactly one write(2), never repeated: the kernel parses each by itself.
  [[nodiscard]] virtual Result<> write(const Place& place, const std::string& file,
                                       std::string_view text) = 0;
};

// By held directories, opened at the first use of a place and proven by their inodes.
class CgroupPort : public KernelPort {
 public:
  // `layout` must outlive the port.
  explicit CgroupPort(const cgroupfs::Layout& layout) : layout_(layout) {}
  [[nodiscard]] Result<std::string> read(const Place& place, const std::string& file) override;
  [[nodiscard]] Result<> write(const Place& place, const std::string& file,
                               std::string_view text) override;
  // Closes the directories; they are opened again when needed.
  void forget() { dirs_.clear(); }

 private:
  Result<const DirFd*> dir_of(const Place& place);

  const cgroupfs::Layout& layout_;
  std::map<std::pair<std::size_t, std::uint64_t>, DirFd> dirs_;  // By hierarchy and inode.
  ReadBuffer buffer_;
};

}  // namespace plimsoll::limit
