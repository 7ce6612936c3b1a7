#include "runtime/image/unpack/names.h"

#include <algorithm>
#include <climits>
#include <vector>

namespace plimsoll::image::unpack {

namespace {

Failure refused(std::string_view name, std::string_view why) {
  return invalid_input("unpack", shown(name) + ": " + std::string(why));
}

}  // namespace

Result<std::string> clean(std::string_view name, std::uint64_t most_depth) {
  std::vector<std::string_view> parts;
  if (name.size() >= PATH_MAX) return refused(name, "the name is too long");
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    at = end + 1;
    if (part.empty() || part == ".") continue;
    if (part.size() > NAME_MAX) return refused(name, "the name is too long");
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return refused(name, "the name leads out of the tree");
    } else {
      parts.pop_back();
    }
  }
  if (parts.size() > most_depth)
    return refused(name, "deeper than " + std::to_string(most_depth) + " directories");
  std::string path;
  for (const std::string_view part : parts) {
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

std::string shown(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  std::string text(name.substr(0, kLongest));
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  if (name.size() > kLongest) text += "...";
  return text;
}

Split split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace plimsoll::image::unpack
