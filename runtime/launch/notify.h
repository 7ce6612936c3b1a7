// Handing a filter's listener to whoever answers for it (seccomp_unotify(2)), from a process that
// from then on may need those answers for any system call it makes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "runtime/launch/child.h"

namespace plimsoll::runtime {

// Made before the filter is installed: a thread that the filter does not bind waits in the same
// process and sends what it is told of. The next exec ends it. Must outlive that.
class ListenerCourier {
 public:
  ListenerCourier(const Prepared& prepared, const Reporter& reporter) noexcept;
  ListenerCourier(const ListenerCourier&) = delete;
  ListenerCourier& operator=(const ListenerCourier&) = delete;

  // Returns when the listener was sent. Makes no system call: it waits by looking.
  void send(int listener) noexcept;

 private:
  static int run(void* courier) noexcept;
  void carry() const noexcept;

  const Prepared& prepared_;
  const Reporter& reporter_;
  void* text_ = nullptr;
  std::size_t size_ = 0;
  std::atomic<int> listener_ = -1;
  std::atomic<bool> sent_ = false;
  alignas(16) std::array<std::byte, 16384> stack_{};
};

}  // namespace plimsoll::runtime
