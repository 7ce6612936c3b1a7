// block/blk-throttle.c, blk-iocost.c, blk-iolatency.c, bfq-cgroup.c, blk-cgroup.c (blkg_conf_prep).
#include <algorithm>
#include <array>
#include <cerrno>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::limit {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};
constexpr std::uint64_t kMostIops = ~std::uint32_t{0};

// The device in front, and the rest of the text.
struct Addressed {
  std::string_view key;
  std::string_view rest;
  int os_error = 0;
};

Addressed address(const Attempt& attempt) {
  Addressed out;
  std::string_view rest = attempt.text;
  if (!next_word(rest, out.key)) return {{}, {}, EINVAL};
  out.rest = trim(rest);
  const auto number = cgroupfs::parse_device_number(out.key);
  if (!number) return {{}, {}, EINVAL};
  const auto& devices = attempt.model.view().devices;
  const auto device = std::ranges::find(devices, *number, &BlockDevice::number);
  // Nothing is known of any device: believe it.
  if (devices.empty()) return out;
  if (device == devices.end() || !device->whole_disk) out.os_error = ENODEV;
  return out;
}

// The text with one line replaced, added or, when empty, taken out. Where a new line goes is the
// kernel's business: lines are looked up by their key.
std::string with_line(std::string_view text, std::string_view key, std::string_view value) {
  std::string out;
  for (std::string_view line; next_line(text, line);) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) continue;
    out.append(line).append("\n");
  }
  if (!value.empty()) out.append(key).append(" ").append(value).append("\n");
  if (!out.empty()) out.pop_back();
  return out;
}

// tg_set_conf: 0 takes the cap away; v1 keeps the low 32 bits of operations and calls all of them
// no cap.
Verdict throttle_v1(const Attempt& attempt) {
  const Addressed at = address(attempt);
  if (at.os_error != 0) return refuse(at.os_error);
  const auto value = to_number<std::uint64_t>(at.rest);
  if (!value) return refuse(EINVAL);
  const bool iops = attempt.file.find("iops") != std::string_view::npos;
  std::uint64_t kept = *value == 0 ? kMost : *value;
  if (iops) kept &= kMostIops;
  const bool none = kept == (iops ? kMostIops : kMost);
  return store(with_line(attempt.now(), at.key, none ? "" : std::to_string(kept)));
}

// tg_set_limit, as "rbps=1000 wbps=max riops=max wiops=max".
using Caps = std::array<std::uint64_t, 4>;
constexpr std::array<std::string_view, 4> kCaps = {"rbps", "wbps", "riops", "wiops"};

int read_caps(std::string_view text, Caps& caps) {
  for (std::string_view word; next_word(text, word);) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return EINVAL;
    const auto* const name = std::ranges::find(kCaps, word.substr(0, equals));
    if (name == kCaps.end()) return EINVAL;
    const std::string_view value = word.substr(equals + 1);
    const auto number = value == "max" ? std::optional(kMost) : to_number<std::uint64_t>(value);
    if (!number) return EINVAL;
    if (*number == 0) return ERANGE;
    if (*number == 1) return EINVAL;
    const auto index = static_cast<std::size_t>(name - kCaps.begin());
    caps[index] = index < 2 ? *number : std::min(*number, kMostIops);
  }
  return 0;
}

std::string_view line_at(std::string_view text, std::string_view key) {
  for (std::string_view line; next_line(text, line);)
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' '))
      return line.substr(key.size() + 1);
  return {};
}

Verdict io_max(const Attempt& attempt) {
  const Addressed at = address(attempt);
  if (at.os_error != 0) return refuse(at.os_error);
  Caps caps = {kMost, kMost, kMostIops, kMostIops};
  // Its own print is no error.
  (void)read_caps(line_at(attempt.now(), at.key), caps);
  if (const int os_error = read_caps(at.rest, caps); os_error != 0) return refuse(os_error);
  std::string line;
  bool any = false;
  for (std::size_t i = 0; i < caps.size(); ++i) {
    const bool none = caps[i] == (i < 2 ? kMost : kMostIops);
    any = any || !none;
    line.append(i == 0 ? "" : " ").append(kCaps[i]).append("=");
    line.append(none ? "max" : std::to_string(caps[i]));
  }
  return store(with_line(attempt.now(), at.key, any ? line : ""));
}

// ioc_weight_write, bfq_io_set_weight (v2): "default N", "MAJ:MIN N", "MAJ:MIN default".
Verdict weights(const Attempt& attempt, std::uint64_t most, int out_of_range) {
  if (attempt.text.starts_with("default ")) {
    const auto value = to_number<std::uint64_t>(attempt.text.substr(8));
    if (!value) return refuse(EINVAL);
    if (*value < 1 || *value > most) return refuse(out_of_range);
    return store(with_line(attempt.now(), "default", std::to_string(*value)));
  }
  const Addressed at = address(attempt);
  if (at.os_error != 0) return refuse(at.os_error);
  if (at.rest == "default") return store(with_line(attempt.now(), at.key, ""));
  const auto value = to_number<std::uint64_t>(at.rest);
  if (!value) return refuse(EINVAL);
  if (*value < 1 || *value > most) return refuse(out_of_range);
  return store(with_line(attempt.now(), at.key, std::to_string(*value)));
}

Verdict io_weight(const Attempt& attempt) {
  return weights(attempt, 10'000, EINVAL);
}

// bfq_io_set_device_weight: EOPNOTSUPP for a disk under another scheduler.
Verdict bfq_weight(const Attempt& attempt) {
  if (!attempt.text.starts_with("default ")) {
    const Addressed at = address(attempt);
    if (at.os_error != 0) return refuse(at.os_error);
    const auto& devices = attempt.model.view().devices;
    const auto device =
        std::ranges::find(devices, *cgroupfs::parse_device_number(at.key), &BlockDevice::number);
    if (device != devices.end() && !device->bfq) return refuse(EOPNOTSUPP);
  }
  return weights(attempt, 1000, ERANGE);
}

Verdict one_weight(const Attempt& attempt, std::uint64_t least) {
  const auto value = to_number<std::uint64_t>(attempt.text);
  if (!value) return refuse(EINVAL);
  if (*value < least || *value > 1000) return refuse(ERANGE);
  return store(std::to_string(*value));
}

Verdict bfq_weight_v1(const Attempt& attempt) {
  return one_weight(attempt, 1);
}
Verdict blkio_weight(const Attempt& attempt) {
  return one_weight(attempt, 10);
}  // CFQ, before 5.0.

// iolatency_set_limit: "MAJ:MIN target=1000", "target=max" takes it away.
Verdict latency(const Attempt& attempt) {
  const Addressed at = address(attempt);
  if (at.os_error != 0) return refuse(at.os_error);
  constexpr std::string_view kTarget = "target=";
  if (!at.rest.starts_with(kTarget)) return refuse(EINVAL);
  const std::string_view value = at.rest.substr(kTarget.size());
  if (value == "max") return store(with_line(attempt.now(), at.key, ""));
  if (!to_number<std::uint64_t>(value)) return refuse(EINVAL);
  return store(with_line(attempt.now(), at.key, at.rest));
}

// ioc_qos_write, ioc_cost_model_write: the kernel prints numbers in its own way; see same_text().
Verdict cost(const Attempt& attempt) {
  const Addressed at = address(attempt);
  if (at.os_error != 0) return refuse(at.os_error);
  return store(with_line(attempt.now(), at.key, at.rest));
}

constexpr RuleRow kRules[] = {{"blkio.throttle.read_bps_device", throttle_v1},
                              {"blkio.throttle.write_bps_device", throttle_v1},
                              {"blkio.throttle.read_iops_device", throttle_v1},
                              {"blkio.throttle.write_iops_device", throttle_v1},
                              {"blkio.weight", blkio_weight},
                              {"blkio.bfq.weight", bfq_weight_v1},
                              {"blkio.bfq.weight_device", bfq_weight},
                              {"io.max", io_max},
                              {"io.weight", io_weight},
                              {"io.bfq.weight", bfq_weight},
                              {"io.latency", latency},
                              {"io.cost.qos", cost},
                              {"io.cost.model", cost}};

}  // namespace

std::span<const RuleRow> io_rules() {
  return kRules;
}

}  // namespace plimsoll::limit
