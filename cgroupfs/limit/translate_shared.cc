// Knobs that share a file, or depend on one another: bandwidth, v1's memory and swap, IO.
#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/translate.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::limit {
namespace {

using cgroupfs::Controller;

constexpr std::uint64_t kDefaultPeriod = 100'000;

std::optional<Setting> find(const std::vector<Setting>& settings, Knob knob) {
  const auto found = std::ranges::find(settings, knob, &Setting::knob);
  return found == settings.end() ? std::nullopt : std::optional(*found);
}

constexpr std::uint64_t kNoQuota = ~std::uint64_t{0};

struct Bandwidth {
  std::uint64_t quota = kNoQuota;
  std::uint64_t period = kDefaultPeriod;
};

Bandwidth bandwidth_now(const KernelModel& model, std::size_t group, int version) {
  Bandwidth now;
  if (version == 1) {
    if (const auto* text = model.text(group, "cpu.cfs_quota_us"))
      now.quota = finite(*text).value_or(kNoQuota);
    if (const auto* text = model.text(group, "cpu.cfs_period_us"))
      now.period = to_number<std::uint64_t>(*text).value_or(kDefaultPeriod);
    return now;
  }
  const auto* text = model.text(group, "cpu.max");
  std::string_view rest = text == nullptr ? std::string_view() : *text;
  std::string_view word;
  if (next_word(rest, word)) now.quota = finite(word).value_or(kNoQuota);
  if (next_word(rest, word)) now.period = to_number<std::uint64_t>(word).value_or(kDefaultPeriod);
  return now;
}

}  // namespace

void Translator::bandwidth(const std::vector<Setting>& settings) {
  const auto quota = find(settings, Knob::kCpuQuota);
  const auto period = find(settings, Knob::kCpuPeriod);
  if (!quota && !period) return;
  const auto quota_to = quota ? target(*quota) : std::nullopt;
  const auto period_to = period ? target(*period) : std::nullopt;
  if ((quota && !quota_to) || (period && !period_to)) return;
  const int version = quota_to ? quota_to->version : period_to->version;
  Bandwidth next = bandwidth_now(model_, group_, version);
  if (period) {
    next.period =
        period->value ? std::get<std::uint64_t>(*period->value) : std::uint64_t{kDefaultPeriod};
    if (!in_range(*period, next.period)) return;
  }
  std::string note;
  if (quota) {
    next.quota = kNoQuota;
    if (const auto* time = quota->value ? std::get_if<CpuTime>(&*quota->value) : nullptr) {
      Converted converted{time->amount, true};
      if (time->unit == CpuTime::Unit::kNanoCpus) {
        const auto result = quota_from_nano_cpus(time->amount, next.period);
        if (!result) return refuse(*quota, result.error().subject);
        converted = *result;
      }
      if (converted.value < info_of(Knob::kCpuQuota).min)
        return refuse(*quota, "is " + std::to_string(converted.value) + " us in a period of " +
                                  std::to_string(next.period) +
                                  " us, and the kernel takes 1000 us or more");
      if (!in_range(*quota, converted.value)) return;
      next.quota = converted.value;
      if (!converted.exact) note = "rounded down to a microsecond";
    }
  }
  std::string text = version == 1 ? "-1" : "max";
  if (next.quota != kNoQuota) text = std::to_string(next.quota);
  if (version == 2)
    return change(quota ? *quota : *period, "cpu.max", text + " " + std::to_string(next.period), "",
                  note);
  if (quota) change(*quota, quota_to->file, text, "", note);
  if (period) change(*period, period_to->file, std::to_string(next.period), "");
}

// v1 bounds memory, and memory with swap. What moves is whatever keeps the other knob as it was.
void Translator::memory_v1(const std::vector<Setting>& settings) {
  if (model_.view().of(Controller::kMemory).version != 1) return;
  const auto max = find(settings, Knob::kMemoryMax);
  const auto swap = find(settings, Knob::kMemorySwap);
  if (!max && !swap) return;
  const auto max_to = max ? target(*max) : std::nullopt;
  const auto swap_to = swap ? target(*swap) : std::nullopt;
  if ((max && !max_to) || (swap && !swap_to)) return;
  using BytesLimit = Limit<Bytes>;
  const auto read = [&](std::string_view file) {
    const std::string* text = current(file);
    const auto bytes = text == nullptr ? std::nullopt : finite(*text);
    return bytes ? BytesLimit(Bytes{*bytes}) : BytesLimit::none();
  };
  const std::uint64_t page = model_.view().page_size;
  const auto wanted = [&](const Setting& setting) {
    const auto* bytes = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
    return bytes == nullptr ? BytesLimit::none() : BytesLimit(Bytes{*bytes / page * page});
  };
  for (const auto& setting : {max, swap})
    if (setting && setting->value)
      if (const auto* bytes = std::get_if<std::uint64_t>(&*setting->value))
        if (!in_range(*setting, *bytes)) return;

  const BytesLimit memory_now = read("memory.limit_in_bytes");
  const auto swap_now = swap_from_memsw(memory_now, read("memory.memsw.limit_in_bytes"));
  const BytesLimit memory = max ? wanted(*max) : memory_now;
  const BytesLimit swapped = swap ? wanted(*swap) : swap_now.value_or(BytesLimit::none());
  const auto memsw = memsw_from_swap(memory, swapped);
  if (!memsw) {
    if (swap) return refuse(*swap, memsw.error().subject);
    return refuse(*max, "memory.swap is " +
                            to_text({Knob::kMemorySwap, "", Value(swapped.value().count)}) +
                            ", and cgroup v1 bounds swap only together with memory: unset "
                            "memory.swap as well");
  }
  const auto text = [](const BytesLimit& limit) {
    return limit.is_none() ? std::string("-1") : std::to_string(limit.value().count);
  };
  const auto is_rounded = [&](const Setting& setting) {
    const auto* bytes = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
    return bytes != nullptr && *bytes % page != 0;
  };
  const std::string rounded = "rounded down to pages of " + std::to_string(page);
  if (max)
    change(*max, "memory.limit_in_bytes", text(memory), "", is_rounded(*max) ? rounded : "",
           memory.is_none() ? "" : usage_hazard(Knob::kMemoryMax, 1, memory.value().count));
  if (!swap && current("memory.memsw.limit_in_bytes") == nullptr) return;
  const Setting& cause = swap ? *swap : *max;
  std::string why = "memory and swap together";
  if (!swap)
    why += "; swap stays";
  else if (is_rounded(*swap))
    why += "; " + rounded;
  change(cause, "memory.memsw.limit_in_bytes", text(*memsw), "", why);
}

// Of all devices that are known, one must be such that the setting holds there.
bool Translator::device_holds(const Setting& setting) {
  const auto& devices = model_.view().devices;
  if (devices.empty() || !setting.value) return true;
  if (!setting.detail.empty()) {
    const auto number = cgroupfs::parse_device_number(setting.detail);
    const auto device = std::ranges::find(devices, *number, &BlockDevice::number);
    // A device that does not exist is the kernel's to refuse, and predicted as such.
    if (device == devices.end()) return true;
    if (!device->whole_disk) {
      refuse(setting, "is a partition, and the kernel knows limits of whole disks only");
      return false;
    }
  }
  const bool bfq = setting.knob == Knob::kIoBfqWeight;
  if (!bfq && setting.knob != Knob::kIoWeight) return true;
  const bool v1 = model_.view().of(Controller::kIo).version == 1;
  const auto obeys = [&](const BlockDevice& device) {
    const bool meant =
        setting.detail.empty() || device.number == *cgroupfs::parse_device_number(setting.detail);
    return meant && (bfq ? device.bfq : v1 || device.io_cost);
  };
  if (std::ranges::any_of(devices, obeys)) return true;
  refuse(setting, bfq ? "would not hold: no such disk is under the BFQ scheduler"
                      : "would not hold: io.cost is not enabled for such a disk (io.cost.qos of "
                        "the root group); disks under BFQ obey io.bfq.weight");
  return false;
}

void Translator::io_weight(const Setting& setting) {
  const auto to = target(setting);
  if (!to || !device_holds(setting)) return;
  const bool device = !setting.detail.empty();
  const std::string where = device ? setting.detail : "default";
  const auto* number = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
  if (number != nullptr && !in_range(setting, *number)) return;
  std::string value = number != nullptr ? std::to_string(*number)
                      : device          ? "default"
                                        : default_of(setting, to->version);
  if (to->version == 1 && setting.knob == Knob::kIoWeight && number != nullptr) {
    const auto blkio = blkio_weight_from_io(*number);
    if (!blkio) return refuse(setting, "has no equal among blkio.weight's 10 to 1000");
    value = std::to_string(*blkio);
  }
  // v1's file of the default has the number alone.
  if (to->version == 1 && !device) return change(setting, to->file, value, "");
  change(setting, to->file, where + " " + value, where);
}

// v2 has the four caps of a device in one line.
void Translator::throttle(const std::vector<Setting>& settings) {
  struct Line {
    Setting first;
    std::string text;
    std::string names;
  };
  std::vector<Line> lines;
  for (const Setting& setting : settings) {
    if (setting.knob < Knob::kIoRbps || setting.knob > Knob::kIoWiops) continue;
    if (model_.view().of(Controller::kIo).version == 1) {
      throttle_v1(setting);
      continue;
    }
    const auto to = target(setting);
    if (!to || !device_holds(setting)) continue;
    const auto* number = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
    if (number != nullptr && !in_range(setting, *number)) continue;
    const bool writes = setting.knob == Knob::kIoWbps || setting.knob == Knob::kIoWiops;
    // Writeback is charged through the memory controller (cgroup-v2.rst, "Writeback").
    if (writes && number != nullptr && !offered("memory.max") &&
        !target_v2({Knob::kMemoryMax, "", std::nullopt}, "memory.max"))
      continue;
    auto line = std::ranges::find(
        lines, setting.detail, [](const Line& l) -> const std::string& { return l.first.detail; });
    if (line == lines.end()) line = lines.insert(lines.end(), {setting, setting.detail, ""});
    line->text += " " + std::string(name_of(setting.knob).substr(3)) + "=" +
                  (number == nullptr ? "max" : std::to_string(*number));
  }
  for (const Line& line : lines) change(line.first, "io.max", line.text, line.first.detail);
}

void Translator::throttle_v1(const Setting& setting) {
  const auto to = target(setting);
  if (!to || !device_holds(setting)) return;
  const auto* number = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
  if (number != nullptr && !in_range(setting, *number)) return;
  const bool writes = setting.knob == Knob::kIoWbps || setting.knob == Knob::kIoWiops;
  if (writes && number != nullptr && options_.v1_write_caps == PlanOptions::DirectIo::kRefuse)
    return refuse(setting,
                  "would not hold: cgroup v1 does not count buffered writes, only direct ones");
  change(setting, to->file,
         setting.detail + " " + (number == nullptr ? "0" : std::to_string(*number)), setting.detail,
         writes && number != nullptr ? "direct writes only" : "");
}

}  // namespace plimsoll::limit
