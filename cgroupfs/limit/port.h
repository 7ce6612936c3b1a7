// The seam between a plan and the kernel: read and write one control file of one group. CgroupPort
// is the kernel; tests put a fake here and let any call fail.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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

// By held directories, opened at the first use of a place and proven by their inodes; some dozens
// stay open, of the groups that were used last. The files of the very last one do, too, so that a
// change opens each of its own once.
class CgroupPort : public KernelPort {
 public:
  // `layout` must outlive the port.
  explicit CgroupPort(const cgroupfs::Layout& layout) : layout_(layout) {}
  [[nodiscard]] Result<std::string> read(const Place& place, const std::string& file) override;
  [[nodiscard]] Result<> write(const Place& place, const std::string& file,
                               std::string_view text) override;
  // Closes files and directories; they are opened again when needed.
  void forget() {
    files_.clear();
    dirs_.clear();
  }

 private:
  struct OpenFile {
    std::size_t hierarchy = 0;
    std::uint64_t inode = 0;
    std::string name;
    bool writable = false;
    Fd fd;
  };
  Result<const DirFd*> dir_of(const Place& place);
  // For writing as well, where the file lets it.
  Result<const OpenFile*> file_of(const Place& place, const std::string& name);
  // What `use` returns of the file, which may have to be opened anew.
  template <typename Use>
  auto use(const Place& place, const std::string& name, const Use& use)
      -> std::invoke_result_t<Use, const OpenFile&>;

  const cgroupfs::Layout& layout_;
  std::map<std::pair<std::size_t, std::uint64_t>, DirFd> dirs_;  // By hierarchy and inode.
  std::string group_;                                            // Of `files_`.
  std::vector<OpenFile> files_;                                  // Few.
  ReadBuffer buffer_;
};

}  // namespace plimsoll::limit
