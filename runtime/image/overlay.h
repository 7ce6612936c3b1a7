// Mounting an overlay with as many layers as an image may have.
//
// Paths are relative to the directory of layers, by a thread with a working directory of its own:
// the names of 127 layers then fit the one page of options that mount(2) takes, on every kernel.
// (fsconfig(2) takes layers one by one, but from Linux 6.8 on; before, strings of 256 bytes.)
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"

namespace plimsoll::image {

struct OverlayMount {
  std::vector<std::string> lower;  // Topmost first; relative, as the others.
  std::string upper;               // Empty: read-only.
  std::string work;
  std::string target;
  bool is_volatile = false;  // Nothing of it is synced, where the kernel (5.10) can do without.
};

// kRejected, kNotOffered, kDenied: this kernel, file system or process cannot.
[[nodiscard]] Result<> mount_overlay(const DirFd& layers, const OverlayMount& mount);
// Detached if it is busy. Postcondition: nothing is mounted there. Done again, it is done.
[[nodiscard]] Result<> unmount(const std::string& path);
[[nodiscard]] bool is_overlay(const std::string& path);

}  // namespace plimsoll::image
