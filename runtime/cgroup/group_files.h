// The planner's way into a container's groups: by the hierarchies' roots and the group's path, with
// a written file kept open until it is read back. For a group of our own, which nobody replaces.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "cgroupfs/limit/port.h"
#include "cgroupfs/tree/layout.h"

namespace plimsoll::runtime {

class GroupFiles final : public limit::KernelPort {
 public:
  // `layout` must outlive the port.
  explicit GroupFiles(const cgroupfs::Layout& layout) : layout_(layout) {}
  [[nodiscard]] Result<std::string> read(const limit::Place& place,
                                         const std::string& file) override;
  [[nodiscard]] Result<> write(const limit::Place& place, const std::string& file,
                               std::string_view text) override;

 private:
  // Open for reading and writing.
  Result<const Fd*> open(const limit::Place& place, const std::string& file);

  const cgroupfs::Layout& layout_;
  std::size_t hierarchy_ = 0;
  std::string name_;  // Of what is open, below the hierarchy's root.
  Fd fd_;
};

// One write(2) to a file of a group, opened for it. The subject of an error is the file and the
// text.
[[nodiscard]] Result<> write_once(const DirFd& root, const std::string& file,
                                  std::string_view text);
[[nodiscard]] Result<> write_to(const Fd& fd, const std::string& file, std::string_view text);

}  // namespace plimsoll::runtime
