#include "exporter/collect/net_dev.h"

#include <array>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::exporter {

Result<std::vector<InterfaceCounters>> parse_net_dev(std::string_view text) {
  std::vector<InterfaceCounters> interfaces;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.find('|') != std::string_view::npos) continue;  // Two lines of headings.
    // The last colon: a name may hold one on old kernels, a number never does. Some kernels print
    // no blank after it.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) return malformed(line);
    std::array<std::uint64_t, 12> columns{};
    std::string_view rest = line.substr(colon + 1);
    for (std::uint64_t& column : columns) {
      std::string_view word;
      next_word(rest, word);
      const auto value = to_number<std::uint64_t>(word);
      if (!value) return malformed(line);
      column = *value;
    }
    const std::string_view name = trim(line.substr(0, colon));
    if (name.empty()) return malformed(line);
    interfaces.push_back({.name = std::string(name),
                          .rx_bytes = columns[0],
                          .rx_packets = columns[1],
                          .tx_bytes = columns[8],
                          .tx_packets = columns[9],
                          .rx_errors = columns[2],
                          .rx_dropped = columns[3],
                          .tx_errors = columns[10],
                          .tx_dropped = columns[11]});
  }
  return interfaces;
}

Result<std::vector<NumberedInterface>> parse_dev_mcast(std::string_view text) {
  std::vector<NumberedInterface> interfaces;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view rest = line;
    std::string_view number;
    std::string_view name;
    if (!next_word(rest, number) || !next_word(rest, name)) return malformed(line);
    const auto ifindex = to_number<std::int32_t>(number);
    if (!ifindex) return malformed(line);
    // The lines of one interface are neighbours.
    if (!interfaces.empty() && interfaces.back().ifindex == *ifindex) continue;
    interfaces.push_back({*ifindex, std::string(name)});
  }
  return interfaces;
}

Result<std::uint64_t> parse_start_time(std::string_view text) {
  constexpr int kFieldsBefore = 19;  // Fields 3 to 21.
  // The name, field 2, may hold blanks and brackets: the last bracket ends it.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos) return malformed(trim(text));
  std::string_view rest = text.substr(bracket + 1);
  std::string_view word;
  for (int field = 0; field < kFieldsBefore; ++field) next_word(rest, word);
  if (!next_word(rest, word)) return malformed(trim(text));
  const auto start = to_number<std::uint64_t>(word);
  if (!start) return malformed(trim(text));
  return *start;
}

}  // namespace plimsoll::exporter
