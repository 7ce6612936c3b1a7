#include "runtime/lifecycle/proc.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/fd.h"
#include "base/number.h"
#include "base/text.h"

namespace plimsoll::runtime {

std::optional<ProcessState> parse_process_stat(std::string_view text) {
  // The name may contain anything: its end is the last parenthesis.
  const std::size_t end = text.rfind(')');
  if (end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(end + 1);
  std::string_view word;
  ProcessState state;
  if (!next_word(text, word) || word.size() != 1) return std::nullopt;
  state.state = word[0];
  // Fields of proc(5); the state was the third.
  constexpr int kFlags = 9;
  constexpr int kStartTime = 22;
  std::optional<std::uint64_t> flags;
  for (int field = 4; field <= kStartTime; ++field) {
    if (!next_word(text, word)) return std::nullopt;
    if (field == kFlags) flags = to_number<std::uint64_t>(word);
  }
  const auto ticks = to_number<std::uint64_t>(word);
  if (!ticks || !flags) return std::nullopt;
  state.start_ticks = *ticks;
  state.flags = *flags;
  return state;
}

std::optional<ProcessState> look_at_process(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t n = ::read(file.get(), text.data(), text.size());
  if (n <= 0) return std::nullopt;  // ESRCH: gone since it was opened.
  return parse_process_stat({text.data(), static_cast<std::size_t>(n)});
}

}  // namespace plimsoll::runtime
