// How the kernel is asked to tell of one thing in one group, each by a descriptor that becomes
// readable. Closing it withdraws the wish.
// Sources: Documentation/admin-guide/cgroup-v1/memory.rst, accounting/psi.rst.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace plimsoll::cgroupfs {

// v1: an eventfd for `file` of the group ("memory.oom_control", "memory.usage_in_bytes",
// "memory.pressure_level"). When the group is removed the kernel adds one to it for every wish.
[[nodiscard]] Result<Fd> make_event_fd();
[[nodiscard]] Result<> register_event(const DirFd& group, const char* file,
                                      std::string_view argument, const Fd& event);

enum class StallResource : std::uint8_t { kCpu, kMemory, kIo };
[[nodiscard]] std::string_view name_of(StallResource resource);  // "cpu", "memory", "io"

struct StallTrigger {
  StallResource resource = StallResource::kMemory;
  std::chrono::microseconds stall{};
  std::chrono::microseconds window{};
  // "some 200000 2000000": what is written to memory.pressure. Pure.
  [[nodiscard]] std::string text() const;
  bool operator==(const StallTrigger&) const = default;
};
// Without CAP_SYS_RESOURCE the kernel takes windows of whole multiples of two seconds only: the
// next such window, with the same share of it. Pure.
[[nodiscard]] StallTrigger widened(StallTrigger trigger);
// Polls as EPOLLPRI, and as EPOLLERR once the group is gone. Widens the window when the kernel
// refuses it. kNotOffered: no pressure files here.
[[nodiscard]] Result<Fd> arm(const DirFd& group, const StallTrigger& trigger);

}  // namespace plimsoll::cgroupfs
