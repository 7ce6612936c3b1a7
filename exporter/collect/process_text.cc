#include "exporter/collect/process_text.h"

#include <array>

#include "base/text.h"

namespace plimsoll::exporter {

Result<SchedStat> parse_schedstat(std::string_view text) {
  const std::string_view line = trim(text);
  std::string_view rest = line;
  std::string_view word;
  std::array<std::uint64_t, 3> numbers{};
  for (std::uint64_t& number : numbers) {
    const auto value = next_word(rest, word) ? to_number<std::uint64_t>(word) : std::nullopt;
    if (!value) return malformed(line);
    number = *value;
  }
  return SchedStat{numbers[0], numbers[1], numbers[2]};
}

Result<std::optional<OpenFilesLimit>> parse_open_files_limit(std::string_view text) {
  constexpr std::string_view kKey = "Max open files";
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with(kKey)) continue;
    std::string_view rest = line.substr(kKey.size());
    OpenFilesLimit limit;
    for (Limit<std::uint64_t>* const side : {&limit.soft, &limit.hard}) {
      std::string_view word;
      if (!next_word(rest, word)) return malformed(line);
      if (word == "unlimited") continue;
      const auto value = to_number<std::uint64_t>(word);
      if (!value) return malformed(line);
      *side = Limit<std::uint64_t>(*value);
    }
    return limit;
  }
  return std::nullopt;
}

Result<std::uint64_t> parse_referenced(std::string_view text) {
  std::uint64_t sum = 0;
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with("Referenced:")) continue;
    std::string_view rest = line.substr(line.find(':') + 1);
    std::string_view number;
    std::string_view unit;
    const bool whole = next_word(rest, number) && next_word(rest, unit) && unit == "kB";
    const auto kib = whole ? to_number<std::uint64_t>(number) : std::nullopt;
    if (!kib || *kib > (UINT64_MAX - sum) / 1024) return malformed(line);
    sum += *kib * 1024;
  }
  return sum;
}

Result<char> parse_task_state(std::string_view text) {
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return malformed(trim(text));
  std::string_view rest = text.substr(name_end + 1);
  std::string_view word;
  if (!next_word(rest, word) || word.size() != 1) return malformed(trim(text));
  return word.front();
}

}  // namespace plimsoll::exporter
