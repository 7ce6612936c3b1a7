#include "cgroupfs/parse/numa_stat.h"

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::cgroupfs {

namespace {

std::optional<NumaKind> kind_named(std::string_view name) {
  if (name == "file") return NumaKind::kFile;
  if (name == "anon") return NumaKind::kAnon;
  if (name == "unevictable") return NumaKind::kUnevictable;
  return std::nullopt;
}

}  // namespace

Result<std::optional<NumaEntry>> NumaStat::next() {
  std::string_view word;
  while (!next_word(rest_, word)) {
    const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next());
    if (!line) return std::nullopt;
    std::string_view rest = *line;
    if (!next_word(rest, word)) return malformed(*line);
    const std::size_t equals = word.find('=');
    // v1 puts the sum over the nodes behind the name, v2 does not.
    if ((equals != std::string_view::npos) != (format_ == NumaFormat::kV1)) return malformed(*line);
    std::string_view name = word.substr(0, equals);
    constexpr std::string_view kHierarchical = "hierarchical_";
    const bool prefixed = name.starts_with(kHierarchical);
    if (prefixed) name.remove_prefix(kHierarchical.size());
    const std::optional<NumaKind> kind = kind_named(name);
    if (!kind) continue;
    if (equals != std::string_view::npos && !to_number<std::uint64_t>(word.substr(equals + 1)))
      return malformed(*line);
    entry_ = {*kind, prefixed || format_ == NumaFormat::kV2, 0, 0};
    line_ = *line;
    rest_ = rest;
  }
  const std::size_t equals = word.find('=');
  if (word[0] != 'N' || equals == std::string_view::npos) return malformed(line_);
  const auto node = to_number<std::uint32_t>(word.substr(1, equals - 1));
  const auto value = to_number<std::uint64_t>(word.substr(equals + 1));
  if (!node || !value) return malformed(line_);
  entry_.node = *node;
  entry_.value = *value;
  return entry_;
}

}  // namespace plimsoll::cgroupfs
