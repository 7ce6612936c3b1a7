#include "agent/top/terminal_rescue.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace plimsoll::agent::top {

namespace {

// What a signal handler may read: plain data, set before it is installed.
struct Remembered {
  termios modes{};
  bool has_modes = false;
  std::array<char, 256> farewell{};
  std::size_t farewell_size = 0;
  volatile std::sig_atomic_t armed = 0;
};
Remembered remembered;

// Only async-signal-safe calls.
void rescue(int number) {
  if (remembered.armed != 0) {
    remembered.armed = 0;
    [[maybe_unused]] const ssize_t n =
        ::write(STDOUT_FILENO, remembered.farewell.data(), remembered.farewell_size);
    if (remembered.has_modes) ::tcsetattr(STDOUT_FILENO, TCSANOW, &remembered.modes);
  }
  // SA_RESETHAND: the second time it ends the process.
  ::raise(number);
}

}  // namespace

void remember_terminal(std::string_view farewell) {
  remembered.has_modes = ::tcgetattr(STDOUT_FILENO, &remembered.modes) == 0;
  remembered.farewell_size = std::min(farewell.size(), remembered.farewell.size());
  std::copy_n(farewell.begin(), remembered.farewell_size, remembered.farewell.begin());
}

void rescue_terminal_on_crash() {
  remembered.armed = 1;
  struct sigaction action{};
  action.sa_handler = rescue;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    ::sigaction(number, &action, nullptr);
}

void forget_terminal() {
  remembered.armed = 0;
}

}  // namespace plimsoll::agent::top
