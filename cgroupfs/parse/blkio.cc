#include "cgroupfs/parse/blkio.h"

#include <array>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::cgroupfs {

namespace {

struct OpName {
  std::string_view name;
  BlkioOp op;
};
constexpr auto kOps = std::to_array<OpName>({{"Read", BlkioOp::kRead},
                                             {"Write", BlkioOp::kWrite},
                                             {"Sync", BlkioOp::kSync},
                                             {"Async", BlkioOp::kAsync},
                                             {"Discard", BlkioOp::kDiscard},
                                             {"Total", BlkioOp::kTotal}});

BlkioOp op_named(std::string_view name) {
  for (const OpName& candidate : kOps)
    if (candidate.name == name) return candidate.op;
  return BlkioOp::kUnknown;
}

}  // namespace

std::optional<DeviceNumber> parse_device_number(std::string_view token) {
  const std::size_t colon = token.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = to_number<std::uint32_t>(token.substr(0, colon));
  const auto minor = to_number<std::uint32_t>(token.substr(colon + 1));
  if (!major || !minor) return std::nullopt;
  return DeviceNumber{*major, *minor};
}

Result<std::optional<BlkioEntry>> BlkioLines::next() {
  while (const std::optional<std::string_view> line = PLIMSOLL_TRY(lines_.next())) {
    std::string_view rest = *line;
    std::string_view name;
    std::string_view second;
    std::string_view third;
    std::string_view extra;
    if (!next_word(rest, name) || !next_word(rest, second)) return malformed(*line);
    const bool has_op = next_word(rest, third);
    if (next_word(rest, extra)) return malformed(*line);
    const auto value = to_number<std::uint64_t>(has_op ? third : second);
    if (!value) return malformed(*line);
    if (name == "Total") {
      if (has_op) return malformed(*line);
      continue;
    }
    const auto device = parse_device_number(name);
    if (!device) {
      if (name.find(':') != std::string_view::npos) return malformed(*line);
      continue;  // "(unknown)": a device without a number cannot be told from another.
    }
    return BlkioEntry{device->major, device->minor, has_op ? op_named(second) : BlkioOp::kNone,
                      *value};
  }
  return std::nullopt;
}

}  // namespace plimsoll::cgroupfs
