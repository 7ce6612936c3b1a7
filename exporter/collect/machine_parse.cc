#include "exporter/collect/machine_parse.h"

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

namespace {

// Far above every kernel's NR_CPUS: a torn or hostile list cannot make us allocate without end.
constexpr std::uint32_t kMaxCpu = 1U << 20;

Result<std::uint64_t> kilobytes(std::string_view line, std::string_view rest) {
  std::string_view number;
  std::string_view unit;
  if (!next_word(rest, number) || !next_word(rest, unit) || unit != "kB") return malformed(line);
  const auto value = to_number<std::uint64_t>(number);
  if (!value || *value > UINT64_MAX / 1024) return malformed(line);
  return *value * 1024;
}

}  // namespace

Result<MemInfo> parse_meminfo(std::string_view text) {
  MemInfo info;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed(line);
    const std::string_view key = line.substr(0, colon);
    if (key == "MemTotal") info.total_bytes = PLIMSOLL_TRY(kilobytes(line, line.substr(colon + 1)));
    if (key == "SwapTotal")
      info.swap_total_bytes = PLIMSOLL_TRY(kilobytes(line, line.substr(colon + 1)));
  }
  return info;
}

Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  const std::string_view whole = trim(text);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const std::size_t dash = part.find('-');
    const auto first = to_number<std::uint32_t>(part.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : to_number<std::uint32_t>(part.substr(dash + 1));
    if (!first || !last || *first > *last || *last > kMaxCpu) return malformed(whole);
    for (std::uint32_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

Result<StatFacts> parse_stat_facts(std::string_view text) {
  StatFacts facts;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view rest = line;
    std::string_view word;
    if (!next_word(rest, word)) continue;
    if (word.starts_with("cpu") && to_number<std::uint32_t>(word.substr(3))) ++facts.cpus;
    if (word != "btime") continue;
    if (!next_word(rest, word)) return malformed(line);
    facts.btime = to_number<std::uint64_t>(word);
    if (!facts.btime) return malformed(line);
  }
  return facts;
}

std::vector<CpuPlace> parse_cpuinfo(std::string_view text) {
  std::vector<CpuPlace> cpus;
  std::string_view line;
  while (next_line(text, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, colon));
    const auto value = to_number<std::int64_t>(trim(line.substr(colon + 1)));
    if (key == "processor") cpus.emplace_back();
    if (cpus.empty() || !value) continue;
    if (key == "physical id") cpus.back().package = *value;
    if (key == "core id") cpus.back().core = *value;
  }
  return cpus;
}

std::string parse_pretty_name(std::string_view text) {
  constexpr std::string_view kKey = "PRETTY_NAME=";
  std::string name;
  std::string_view line;
  while (next_line(text, line)) {
    if (!line.starts_with(kKey)) continue;
    std::string_view value = trim(line.substr(kKey.size()));
    const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
                        value.front() == value.back();
    if (quoted) value = value.substr(1, value.size() - 2);
    name.clear();  // As in a shell: the last assignment wins.
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      name += value[i];
    }
  }
  return name;
}

}  // namespace plimsoll::exporter
