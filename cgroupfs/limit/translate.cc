#include "cgroupfs/limit/translate.h"

#include <algorithm>

#include "base/number.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::limit {
namespace {

using cgroupfs::Controller;

std::string named(const Setting& setting) {
  return std::string(name_of(setting.knob)) + " " + to_text(setting);
}

bool is_throttle(Knob knob) {
  return knob >= Knob::kIoRbps && knob <= Knob::kIoWiops;
}

}  // namespace

Translated translate(const KernelModel& model, std::size_t group, const Limits& limits,
                     const PlanOptions& options) {
  return Translator(model, group, options).run(limits);
}

Translated Translator::run(const Limits& limits) {
  const GroupView& group = model_.view().groups[group_];
  const bool managed = !group.manager.empty() && options_.managed == PlanOptions::Managed::kRefuse;
  const std::vector<Setting> settings = settings_of(limits);
  for (const Setting& setting : settings) {
    if (managed)
      refuse(setting, "belongs to " + group.manager + ": its manager would write over it");
    else
      one(setting);
  }
  if (managed) return std::move(out_);
  bandwidth(settings);
  memory_v1(settings);
  throttle(settings);
  return std::move(out_);
}

// Knobs that share a file with others are collected first: bandwidth(), memory_v1(), throttle().
void Translator::one(const Setting& setting) {
  switch (setting.knob) {
    case Knob::kCpuQuota:
    case Knob::kCpuPeriod:
      return;
    case Knob::kCpuWeight:
    case Knob::kCpuShares:
      return weight(setting);
    case Knob::kCpusetCpus:
    case Knob::kCpusetMems:
      return cpuset(setting);
    case Knob::kMemoryMax:
    case Knob::kMemorySwap:
      if (model_.view().of(Controller::kMemory).version == 1) return;
      return memory(setting);
    case Knob::kMemoryMin:
    case Knob::kMemoryLow:
    case Knob::kMemoryHigh:
      return memory(setting);
    case Knob::kMemorySwappiness:
    case Knob::kMemoryOomKillDisable:
      return inherited(setting);
    case Knob::kIoWeight:
    case Knob::kIoBfqWeight:
      return io_weight(setting);
    case Knob::kHugetlbMax:
      return hugetlb(setting);
    case Knob::kIoCostQos:
    case Knob::kIoCostModel:
      if (model_.view().groups[group_].path != "/")
        return refuse(setting, "is of the whole host: only the root group has it");
      break;
    default:
      break;
  }
  if (is_throttle(setting.knob)) return;
  const auto to = target(setting);
  if (!to) return;
  if (setting.knob == Knob::kFreeze) {
    const bool on = setting.value && std::get<std::uint64_t>(*setting.value) != 0;
    const bool v1 = to->version == 1;
    return change(setting, to->file, v1 ? (on ? "FROZEN" : "THAWED") : (on ? "1" : "0"), "");
  }
  if (setting.knob == Knob::kIoLatency && !device_holds(setting)) return;
  std::string text = default_of(setting, to->version);
  if (setting.value) {
    if (const auto* number = std::get_if<std::uint64_t>(&*setting.value)) {
      if (!in_range(setting, *number)) return;
      text = std::to_string(*number);
    } else if (const auto* words = std::get_if<std::string>(&*setting.value)) {
      text = *words;
    } else {
      text = "max";
    }
  }
  if (setting.knob == Knob::kIoLatency) text = "target=" + (setting.value ? text : "max");
  if (!setting.detail.empty()) text = setting.detail + " " + text;
  std::string hazard;
  if (setting.knob == Knob::kPidsMax)
    if (const std::string* now = current("pids.current"); now != nullptr)
      if (const auto used = to_number<std::uint64_t>(*now), most = finite(text);
          used && most && *used > *most)
        hazard = std::to_string(*used) + " are there already: none of them ends, none can be added";
  change(setting, to->file, text, setting.detail, "", hazard);
}

void Translator::weight(const Setting& setting) {
  const bool shares = setting.knob == Knob::kCpuShares;
  if (shares && std::ranges::any_of(out_.changes, [&](const Change& earlier) {
        return earlier.knob == Knob::kCpuWeight;
      }))
    return refuse(setting, "cpu.weight is asked for as well, and they are one thing");
  const auto to = target(setting);
  if (!to) return;
  if (!setting.value) return change(setting, to->file, default_of(setting, to->version), "");
  const std::uint64_t value = std::get<std::uint64_t>(*setting.value);
  if (!in_range(setting, value)) return;
  if (shares == (to->version == 1)) return change(setting, to->file, std::to_string(value), "");
  const Converted converted = shares ? weight_from_shares(value, options_.formula)
                                     : shares_from_weight(value, options_.formula);
  std::string note = "by the " + std::string(name_of(options_.formula)) + " formula";
  if (!converted.exact) note += ", which other shares have as well";
  change(setting, to->file, std::to_string(converted.value), "", note);
}

// A v1 group without CPUs takes no process, so unset is what the parent has. A v2 group must not
// lose its own list while it has processes (ENOSPC); what the ancestors have is the same for now.
void Translator::cpuset(const Setting& setting) {
  const auto to = target(setting);
  if (!to) return;
  if (setting.value) return change(setting, to->file, std::get<IdSet>(*setting.value).text(), "");
  const auto above = model_.parent(group_);
  if (!above) return refuse(setting, "the root group has all there are");
  if (to->version == 1) {
    const std::string* parents = model_.text(*above, to->file);
    return change(setting, to->file, parents == nullptr ? "" : *parents, "", "what its parent has");
  }
  const bool populated = model_.populated(group_, model_.view().of(Controller::kCpuset).hierarchy);
  const std::string* now = current(to->file);
  if (!populated || now == nullptr || now->empty()) return change(setting, to->file, "", "");
  const std::string_view which = setting.knob == Knob::kCpusetCpus ? "cpus" : "mems";
  change(setting, to->file, model_.effective(*above, which).text(), "",
         "what its ancestors have: the kernel takes no empty list while there are processes");
}

void Translator::memory(const Setting& setting) {
  const auto to = target(setting);
  if (!to) return;
  const auto* number = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
  if (number == nullptr)
    return change(
        setting, to->file,
        setting.value ? (to->version == 1 ? "-1" : "max") : default_of(setting, to->version), "");
  if (!in_range(setting, *number)) return;
  const std::uint64_t page = model_.view().page_size;
  const std::uint64_t whole = *number / page * page;
  change(setting, to->file, std::to_string(whole), "",
         whole == *number ? "" : "rounded down to pages of " + std::to_string(page),
         usage_hazard(setting.knob, to->version, whole));
}

// A new v1 group has what its parent has.
void Translator::inherited(const Setting& setting) {
  const auto to = target(setting);
  if (!to) return;
  const bool oom = setting.knob == Knob::kMemoryOomKillDisable;
  std::string text = default_of(setting, to->version);
  if (setting.value) {
    const std::uint64_t value = std::get<std::uint64_t>(*setting.value);
    if (!in_range(setting, value)) return;
    text = std::to_string(value);
  } else if (const auto above = model_.parent(group_); above && !oom) {
    if (const std::string* parents = model_.text(*above, to->file)) text = *parents;
  }
  change(setting, to->file, text, oom ? "oom_kill_disable" : "");
}

void Translator::hugetlb(const Setting& setting) {
  const auto to = target(setting);
  if (!to) return;
  const auto* number = setting.value ? std::get_if<std::uint64_t>(&*setting.value) : nullptr;
  if (number == nullptr) return change(setting, to->file, to->version == 1 ? "-1" : "max", "");
  if (!in_range(setting, *number)) return;
  const std::uint64_t huge = page_size_named(setting.detail).value_or(1);
  const std::uint64_t whole = *number / huge * huge;
  change(setting, to->file, std::to_string(whole), "",
         whole == *number ? "" : "rounded down to whole pages");
}

bool Translator::in_range(const Setting& setting, std::uint64_t value) {
  const KnobInfo& info = info_of(setting.knob);
  if (value >= info.min && value <= info.max) return true;
  refuse(setting, "must be from " + std::to_string(info.min) + " to " + std::to_string(info.max));
  return false;
}

std::string Translator::default_of(const Setting& setting, int version) const {
  const KnobInfo& info = info_of(setting.knob);
  return std::string(version == 1 ? info.default_v1 : info.default_v2);
}

std::string Translator::usage_hazard(Knob knob, int version, std::uint64_t bytes) const {
  if (knob != Knob::kMemoryMax && knob != Knob::kMemoryHigh) return "";
  const std::string* usage = current(version == 1 ? "memory.usage_in_bytes" : "memory.current");
  const auto used = usage == nullptr ? std::nullopt : to_number<std::uint64_t>(*usage);
  if (!used || *used <= bytes) return "";
  const std::string hazard = "uses " + std::to_string(*used) + " bytes now: ";
  if (knob == Knob::kMemoryHigh) return hazard + "processes are slowed down until it is less";
  return hazard + (version == 1 ? "EBUSY unless the kernel can reclaim the difference"
                                : "what cannot be reclaimed makes the OOM killer come");
}

void Translator::change(const Setting& setting, std::string file, std::string text, std::string key,
                        std::string_view note, std::string hazard) {
  std::string reason = named(setting);
  if (!note.empty()) reason.append(" (").append(note).append(")");
  out_.changes.push_back({group_, std::move(file), std::move(key), std::move(text), setting.knob,
                          std::move(reason), std::move(hazard)});
}

void Translator::refuse(const Setting& setting, std::string reason) {
  out_.refusals.push_back(
      {model_.view().groups[group_].path, setting.knob, setting.detail, std::move(reason)});
}

}  // namespace plimsoll::limit
