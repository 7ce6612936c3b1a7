#include <algorithm>
#include <set>

#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '@' || c == ':';
}

bool is_component(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::ranges::all_of(name, is_name_character);
}

// A line with the kernel's own separators; a line more would be a second write.
Result<std::string> read_value(const Node& node) {
  std::string value = PLIMSOLL_TRY(text(node));
  const bool one_line = std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
  if (!one_line) return node.fails("the value has a control character");
  return value;
}

}  // namespace

// As sysctl(8): the first separator says which of the two it is; the other stands for itself, so
// that "net.ipv4.conf.eth0/100.forwarding" and "net/ipv4/conf/eth0.100/forwarding" are the same.
Result<std::string> sysctl_path(const Node& node, std::string_view name) {
  std::string path(name);
  const std::size_t first = path.find_first_of("./");
  if (first != std::string::npos && path[first] == '.')
    for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  for (std::string_view rest = path;;) {
    const std::size_t slash = rest.find('/');
    if (!is_component(rest.substr(0, slash))) return node.fails("is no name of a sysctl");
    if (slash == std::string_view::npos) return path;
    rest.remove_prefix(slash + 1);
  }
}

Result<std::vector<std::pair<std::string, std::string>>> read_sysctl(const Node& node) {
  auto all = PLIMSOLL_TRY(dictionary<std::string>(node, read_value));
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json::Member& member = node.value().members[i];
    const Node entry(node, member.key, &member.value);
    all[i].first = PLIMSOLL_TRY(sysctl_path(entry, member.key));
    // Both spellings of one name.
    if (!seen.insert(all[i].first).second) return entry.fails("stands twice");
  }
  return all;
}

}  // namespace plimsoll::spec
