// Elements of a header that is a list with parameters and weights: `a/b; x="1, 2"; q=0.5, c/d`.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace plimsoll::exporter {

struct HeaderParameter {
  std::string_view name;
  std::string_view value;  // Without quotes; escapes within quotes stay.
};

struct HeaderElement {
  std::string_view value;  // "text/plain", "gzip", "*"
  std::vector<HeaderParameter> parameters;
  double q = 1;  // 0 to 1.
};

// Elements that are malformed are left out (RFC 9110: a recipient may ignore what it does not
// understand), so a broken one cannot hide the others.
[[nodiscard]] std::vector<HeaderElement> parse_header_list(std::string_view text);

// ASCII letters of either case are equal.
[[nodiscard]] bool equal_words(std::string_view a, std::string_view b);

}  // namespace plimsoll::exporter
