// For tests: reads an exposition back, strictly, written from the format's description and not from
// our writer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plimsoll::exporter {

struct ParsedSample {
  std::string name;
  std::map<std::string, std::string> labels;
  std::string value;      // As printed.
  std::string timestamp;  // As printed; "" without one.
};

struct ParsedFamily {
  std::string type;
  std::string help;
  std::vector<ParsedSample> samples;
};

struct Exposition {
  std::map<std::string, ParsedFamily> families;
  std::vector<std::string> errors;  // What breaks the format, with the line.

  // The one value of a series; nothing when it is absent. `labels` must all match; others may
  // exist.
  [[nodiscard]] std::optional<std::string> value(
      const std::string& family, const std::map<std::string, std::string>& labels = {}) const;
  [[nodiscard]] std::size_t series(const std::string& family) const;
};

[[nodiscard]] Exposition parse_exposition(std::string_view text);

// The pairs between the braces. Nothing if they are not well formed.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_labels(std::string_view text);

}  // namespace plimsoll::exporter
