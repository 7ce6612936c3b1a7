#include "base/secret.h"

#include <fcntl.h>

#include <algorithm>

#include "base/fd.h"
#include "base/read_file.h"
#include "base/text.h"

namespace plimsoll {

Result<std::string> read_secret(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_failure("open", path);
  ReadBuffer buffer;
  const std::string_view text = PLIMSOLL_TRY(buffer.read_all(file, path));
  const std::string_view line = trim(text.substr(0, text.find('\n')));
  if (line.empty())
    return invalid_input("secret", path + ": nothing in its first line: put it there");
  const bool clean =
      std::ranges::all_of(line, [](unsigned char c) { return c >= ' ' && c != 0x7F; });
  if (!clean)
    return invalid_input("secret", path +
                                       ": control characters in its first line: it is to hold "
                                       "the secret alone");
  return std::string(line);
}

}  // namespace plimsoll
