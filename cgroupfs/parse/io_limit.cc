#include "cgroupfs/parse/io_limit.h"

#include <array>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/parse/blkio.h"

namespace plimsoll::cgroupfs {

namespace {

struct Rate {
  std::string_view name;
  std::optional<std::uint64_t> IoMax::* member;
};
constexpr auto kRates = std::to_array<Rate>({{"rbps", &IoMax::rbps},
                                             {"wbps", &IoMax::wbps},
                                             {"riops", &IoMax::riops},
                                             {"wiops", &IoMax::wiops}});

// False when a rate that we know is neither a number nor "max".
bool set_rate(IoMax& max, std::string_view name, std::string_view value) {
  for (const Rate& rate : kRates) {
    if (rate.name != name) continue;
    if (value == "max") return true;
    max.*rate.member = to_number<std::uint64_t>(value);
    return (max.*rate.member).has_value();
  }
  return true;  // Of a newer kernel.
}

}  // namespace

Result<std::optional<IoMax>> IoMaxLines::next() {
  while (const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next())) {
    std::string_view rest = *line;
    std::string_view word;
    if (!next_word(rest, word)) return malformed(*line);
    const std::optional<DeviceNumber> device = parse_device_number(word);
    if (!device && !word.starts_with('(')) return malformed(*line);
    IoMax max;
    while (next_word(rest, word)) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos ||
          !set_rate(max, word.substr(0, equals), word.substr(equals + 1)))
        return malformed(*line);
    }
    if (!device) continue;  // "(unknown)": a device without a number cannot be told from another.
    max.major = device->major;
    max.minor = device->minor;
    return max;
  }
  return std::nullopt;
}

Result<std::uint64_t> parse_io_weight(std::string_view text) {
  constexpr std::string_view kDefault = "default ";
  Lines lines(text);
  std::optional<std::uint64_t> weight;
  while (const std::optional<std::string_view> line = PLIMSOLL_TRY(lines.next())) {
    if (!line->starts_with(kDefault)) continue;
    weight = to_number<std::uint64_t>(line->substr(kDefault.size()));
    if (!weight) return malformed(*line);
  }
  if (!weight) return malformed(first_line(text));
  return *weight;
}

}  // namespace plimsoll::cgroupfs
