// One YAML document as a value in which every part knows its line and column. The library and its
// exceptions stay behind this header. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/policy/problem.h"

namespace plimsoll::policy {

struct YamlNode {
  enum class Kind : std::uint8_t { kNull, kText, kList, kMap } kind = Kind::kNull;
  Mark at;
  std::string text;             // Of kText, as written: "on" and 1.5 are texts here.
  std::vector<YamlNode> items;  // Of kList; of kMap key, value, key, value ...
};
// "nothing", "a text", "a list", "keys and values".
[[nodiscard]] std::string_view name_of(YamlNode::Kind kind);

struct YamlDocument {
  YamlNode top;                    // kNull for an empty file.
  std::optional<Problem> problem;  // Why there is no tree; its `file` is left empty.
};

// Anchors and aliases are resolved, up to `max_nodes` in all. A second document, an alias inside of
// what it stands for and a NUL byte are problems.
[[nodiscard]] YamlDocument parse_yaml(std::string_view text, std::size_t max_nodes = 50'000);

}  // namespace plimsoll::policy
