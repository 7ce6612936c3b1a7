#include "agent/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "agent/exit_code.h"

namespace plimsoll::agent {

Terminal inspect_terminal(int fd) {
  Terminal terminal;
  const char* term = std::getenv("TERM");
  terminal.interactive =
      ::isatty(fd) == 1 && term != nullptr && std::string_view(term) != "dumb" && *term != '\0';
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    terminal.columns = size.ws_col;
    terminal.lines = size.ws_row;
  }
  return terminal;
}

std::optional<ColourChoice> colour_choice(std::string_view word) {
  if (word == "auto") return ColourChoice::kAuto;
  if (word == "always") return ColourChoice::kAlways;
  if (word == "never") return ColourChoice::kNever;
  return std::nullopt;
}

bool wants_colour(ColourChoice choice, const Terminal& terminal, const char* no_color) {
  if (choice != ColourChoice::kAuto) return choice == ColourChoice::kAlways;
  return terminal.interactive && (no_color == nullptr || *no_color == '\0');
}

Result<bool> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return false;
    if (n < 0) return os_failure("write", "standard output");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

namespace {
// Only async-signal-safe calls. The newline keeps the shell's prompt off the last line.
void interrupted(int) {
  if (::isatty(STDERR_FILENO) == 1) {
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, "\n", 1);
  }
  ::_exit(kExitInterrupted);
}
}  // namespace

void exit_on_interrupt() {
  struct sigaction action{};
  action.sa_handler = interrupted;
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace plimsoll::agent
