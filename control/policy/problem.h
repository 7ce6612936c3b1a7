// What is wrong with a policy file, where, and what to do: one for each mistake, all of them at
// once, so that nobody mends a file line by line.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plimsoll::policy {

// From 1; 0: the file as a whole.
struct Mark {
  std::size_t line = 0;
  std::size_t column = 0;
  bool operator==(const Mark&) const = default;
};

struct Problem {
  std::string file;  // "10-web.yaml"
  Mark at;
  std::string what;
  bool operator==(const Problem&) const = default;
};

// "10-web.yaml:12:5: what"
[[nodiscard]] std::string to_text(const Problem& problem);

// The known word that differs least, if it differs little: "imgae" is "image".
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> known);

}  // namespace plimsoll::policy
