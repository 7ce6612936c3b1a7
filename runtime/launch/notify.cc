#include "runtime/launch/notify.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace plimsoll::runtime {

ListenerCourier::ListenerCourier(const Prepared& prepared, const Reporter& reporter) noexcept
    : prepared_(prepared), reporter_(reporter) {
  struct stat status{};
  const int state = prepared.notify_state.get();
  if (::fstat(state, &status) != 0) reporter.give_up(Stage::kListener);
  size_ = static_cast<std::size_t>(status.st_size);
  text_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, state, 0);
  if (text_ == MAP_FAILED) reporter.give_up(Stage::kListener);
  constexpr int kThread =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  if (::clone(&ListenerCourier::run, stack_.data() + stack_.size(), kThread, this) < 0)
    reporter.give_up(Stage::kListener);
}

int ListenerCourier::run(void* courier) noexcept {
  static_cast<ListenerCourier*>(courier)->carry();
  static_cast<ListenerCourier*>(courier)->sent_.store(true, std::memory_order_release);
  return 0;
}

void ListenerCourier::carry() const noexcept {
  int listener = -1;
  // Not by futex: the other could not wake us.
  for (; (listener = listener_.load(std::memory_order_acquire)) < 0;) {
    const timespec pause{0, 20'000};
    ::nanosleep(&pause, nullptr);
  }
  iovec bytes{text_, size_};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof listener);
  std::memcpy(CMSG_DATA(header), &listener, sizeof listener);
  ssize_t n = 0;
  do {
    n = ::sendmsg(prepared_.notify_socket.get(), &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  // Ends the whole process, the waiting thread with it.
  if (n < 0) reporter_.give_up(Stage::kListener);
  if (static_cast<std::size_t>(n) != size_) reporter_.give_up(Stage::kListener, 0, EMSGSIZE);
}

void ListenerCourier::send(int listener) noexcept {
  listener_.store(listener, std::memory_order_release);
  while (!sent_.load(std::memory_order_acquire)) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

}  // namespace plimsoll::runtime
