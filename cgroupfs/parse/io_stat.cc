#include "cgroupfs/parse/io_stat.h"

#include <array>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/parse/blkio.h"

namespace plimsoll::cgroupfs {

namespace {

struct Counter {
  std::string_view name;
  std::optional<std::uint64_t> IoStat::* member;
};
constexpr auto kCounters = std::to_array<Counter>({{"rbytes", &IoStat::rbytes},
                                                   {"wbytes", &IoStat::wbytes},
                                                   {"rios", &IoStat::rios},
                                                   {"wios", &IoStat::wios},
                                                   {"dbytes", &IoStat::dbytes},
                                                   {"dios", &IoStat::dios},
                                                   {"cost.usage", &IoStat::cost_usage},
                                                   {"cost.wait", &IoStat::cost_wait},
                                                   {"cost.indebt", &IoStat::cost_indebt},
                                                   {"cost.indelay", &IoStat::cost_indelay}});

// False when a counter that we know has no number for a value.
bool set_counter(IoStat& stat, std::string_view name, std::string_view value) {
  for (const Counter& counter : kCounters) {
    if (counter.name != name) continue;
    stat.*counter.member = to_number<std::uint64_t>(value);
    return (stat.*counter.member).has_value();
  }
  return true;  // Of a newer kernel, or not a number (io.latency's "depth=max").
}

bool is_counter(std::string_view word) {
  return word.find('=') != std::string_view::npos;
}

// "8:0" or "(unknown)".
bool is_device_word(std::string_view word) {
  return parse_device_number(word).has_value() || word.front() == '(';
}

}  // namespace

Result<std::optional<IoStat>> IoStatLines::next() {
  for (;;) {
    std::string_view word;
    while (!next_word(rest_, word)) {
      const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next());
      if (!line) return std::nullopt;
      if (line->find_first_not_of(" \t") == std::string_view::npos) return malformed(*line);
      line_ = rest_ = *line;
    }
    if (!is_device_word(word)) return malformed(line_);
    const std::optional<DeviceNumber> device = parse_device_number(word);
    IoStat stat;
    for (std::string_view ahead = rest_; next_word(ahead, word) && is_counter(word);
         rest_ = ahead) {
      const std::size_t equals = word.find('=');
      if (!set_counter(stat, word.substr(0, equals), word.substr(equals + 1)))
        return malformed(line_);
    }
    if (!device) continue;
    stat.major = device->major;
    stat.minor = device->minor;
    return stat;
  }
}

}  // namespace plimsoll::cgroupfs
