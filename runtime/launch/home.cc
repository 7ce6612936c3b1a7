#include "runtime/launch/home.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

namespace plimsoll::runtime {

namespace {

// Field `wanted` of "name:password:uid:gid:comment:home:shell".
std::string_view field(std::string_view line, int wanted) {
  for (; wanted > 0; --wanted) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

bool is_user(std::string_view line, uid_t uid) {
  const std::string_view text = field(line, 2);
  uid_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value == uid;
}

}  // namespace

void find_home(uid_t uid, char* text, std::size_t size) noexcept {
  std::memcpy(text, "HOME=/", 7);
  const int fd = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return;
  std::array<char, 8192> buffer{};
  std::size_t used = 0;
  bool found = false;
  for (ssize_t n = 1; n > 0 && !found;) {
    n = ::read(fd, buffer.data() + used, buffer.size() - used);
    if (n > 0) used += static_cast<std::size_t>(n);
    std::string_view rest(buffer.data(), used);
    // Whole lines only; what is longer than the buffer is nobody's home.
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos && !found;
         end = rest.find('\n')) {
      const std::string_view line = rest.substr(0, end);
      const std::string_view home = is_user(line, uid) ? field(line, 5) : std::string_view();
      found = !home.empty() && home.size() + 6 <= size;
      if (found) {
        std::memcpy(text + 5, home.data(), home.size());
        text[5 + home.size()] = '\0';
      }
      rest.remove_prefix(end + 1);
    }
    used = rest.size() == buffer.size() ? 0 : rest.size();
    std::memmove(buffer.data(), rest.data(), used);
  }
  ::close(fd);
}

}  // namespace plimsoll::runtime
