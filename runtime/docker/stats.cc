#include "runtime/docker/stats.h"

#include <array>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/io_stat.h"

namespace plimsoll::docker {

Result<std::map<std::string, std::uint64_t>> parse_keyed(std::string_view text) {
  std::map<std::string, std::uint64_t> values;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.empty()) continue;
    const std::size_t space = line.rfind(' ');
    const auto value = space == std::string_view::npos
                           ? std::nullopt
                           : to_number<std::uint64_t>(line.substr(space + 1));
    if (!value) return malformed(line);
    values.emplace(line.substr(0, space), *value);
  }
  return values;
}

Result<std::vector<BlockIo>> parse_blkio(std::string_view text) {
  using cgroupfs::BlkioOp;
  static constexpr std::array<std::pair<BlkioOp, const char*>, 6> kNames = {{
      {BlkioOp::kRead, "Read"},
      {BlkioOp::kWrite, "Write"},
      {BlkioOp::kSync, "Sync"},
      {BlkioOp::kAsync, "Async"},
      {BlkioOp::kDiscard, "Discard"},
      {BlkioOp::kTotal, "Total"},
  }};
  std::vector<BlockIo> entries;
  cgroupfs::BlkioLines lines(text);
  for (;;) {
    const auto entry = PLIMSOLL_TRY(lines.next());
    if (!entry) return entries;
    for (const auto& [op, name] : kNames)
      if (op == entry->op) entries.push_back({entry->major, entry->minor, name, entry->value});
  }
}

Result<std::vector<BlockIo>> parse_io_stat(std::string_view text) {
  std::vector<BlockIo> entries;
  cgroupfs::IoStatLines lines(text);
  for (;;) {
    const auto device = PLIMSOLL_TRY(lines.next());
    if (!device) return entries;
    if (device->rbytes) entries.push_back({device->major, device->minor, "read", *device->rbytes});
    if (device->wbytes) entries.push_back({device->major, device->minor, "write", *device->wbytes});
  }
}

// "  eth0: 1296 16 0 0 0 0 0 0 42 1 0 0 0 0 0 0" below two lines of headings: eight counters of
// what came (bytes, packets, errs, drop, ...), then eight of what went.
Result<std::map<std::string, InterfaceCounters>> parse_net_dev(std::string_view text) {
  std::map<std::string, InterfaceCounters> interfaces;
  std::string_view line;
  while (next_line(text, line)) {
    if (line.find('|') != std::string_view::npos) continue;
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) return malformed(line);
    const std::string name(trim(line.substr(0, colon)));
    std::array<std::uint64_t, 16> counts{};
    std::string_view rest = line.substr(colon + 1);
    for (std::uint64_t& count : counts) {
      std::string_view word;
      if (!next_word(rest, word)) return malformed(line);
      const auto value = to_number<std::uint64_t>(word);
      if (!value) return malformed(line);
      count = *value;
    }
    if (name == "lo") continue;
    interfaces[name] = {.rx_bytes = counts[0],
                        .rx_packets = counts[1],
                        .rx_errors = counts[2],
                        .rx_dropped = counts[3],
                        .tx_bytes = counts[8],
                        .tx_packets = counts[9],
                        .tx_errors = counts[10],
                        .tx_dropped = counts[11]};
  }
  return interfaces;
}

}  // namespace plimsoll::docker
