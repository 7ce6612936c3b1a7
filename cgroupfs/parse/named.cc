#include "cgroupfs/parse/named.h"

#include "base/text.h"

namespace plimsoll::cgroupfs {

namespace {

std::optional<Limit<std::uint64_t>> value_of(std::string_view word) {
  if (word == "max") return Limit<std::uint64_t>::none();
  const auto value = to_number<std::uint64_t>(word);
  if (!value) return std::nullopt;
  return Limit(*value);
}

}  // namespace

Result<std::optional<NamedValue>> MiscLines::next() {
  const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next());
  if (!line) return std::nullopt;
  std::string_view rest = *line;
  NamedValue named;
  std::string_view word;
  if (!next_word(rest, named.name) || !next_word(rest, word)) return malformed(*line);
  const auto value = value_of(word);
  if (!value || next_word(rest, word)) return malformed(*line);
  named.value = *value;
  return named;
}

Result<std::optional<NamedValue>> RdmaLines::next() {
  std::string_view word;
  while (!next_word(rest_, word)) {
    const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next());
    if (!line) return std::nullopt;
    line_ = rest_ = *line;
    if (!next_word(rest_, device_) || device_.find('=') != std::string_view::npos)
      return malformed(line_);
  }
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return malformed(line_);
  const auto value = value_of(word.substr(equals + 1));
  if (!value) return malformed(line_);
  return NamedValue{device_, word.substr(0, equals), *value};
}

}  // namespace plimsoll::cgroupfs
