// Every key that a policy file may have, once: the decoder and docs/policies.md go by this table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace plimsoll::policy {

// Which map a key belongs to.
enum class Section : std::uint8_t { kFile, kRule, kMatch, kCompose, kWindow };

struct KeyInfo {
  Section section{};
  std::string_view name;
  std::string_view value;    // What is written there.
  std::string_view missing;  // What holds without it; empty: it must be there, or means nothing.
  std::string_view help;
};

[[nodiscard]] std::span<const KeyInfo> keys();
[[nodiscard]] std::vector<std::string_view> names_of(Section section);
[[nodiscard]] std::string_view title_of(Section section);

}  // namespace plimsoll::policy
