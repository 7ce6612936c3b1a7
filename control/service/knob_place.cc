#include "control/service/knob_place.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/convert.h"
#include "cgroupfs/limit/rules.h"

namespace plimsoll::control {
namespace {

using limit::Detail;
using limit::Knob;
using limit::Unlimited;
using limit::Value;

std::optional<Value> number_in(std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  if (!number) return std::nullopt;
  return Value(*number);
}

std::optional<Value> bound_in(std::string_view text) {
  if (const auto number = limit::finite(text)) return Value(*number);
  const bool is_number = to_number<std::int64_t>(text) || to_number<std::uint64_t>(text);
  if (text != "max" && !is_number) return std::nullopt;
  return Value(Unlimited{});
}

// "rbps" of "rbps=1048576 wbps=max riops=max wiops=max".
std::string_view key_in(std::string_view line, std::string_view key) {
  for (std::string_view word; next_word(line, word);)
    if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
      return word.substr(key.size() + 1);
  return {};
}

std::string_view word_in(std::string_view text, std::size_t index) {
  std::string_view word;
  for (std::size_t i = 0; next_word(text, word); ++i)
    if (i == index) return word;
  return {};
}

std::optional<Value> quota_in(std::string_view quota, std::string_view period) {
  const auto usec = limit::finite(quota);
  if (!usec) return bound_in(quota);
  const auto length = to_number<std::uint64_t>(period);
  const auto nano = length ? limit::nano_cpus_from_quota(*usec, *length) : std::nullopt;
  if (nano) return Value(limit::CpuTime{limit::CpuTime::Unit::kNanoCpus, *nano});
  return Value(limit::CpuTime{limit::CpuTime::Unit::kMicroseconds, *usec});
}

Limit<limit::Bytes> bytes_in(std::string_view text) {
  const auto bytes = limit::finite(text);
  return bytes ? Limit<limit::Bytes>(limit::Bytes{*bytes}) : Limit<limit::Bytes>::none();
}

// v1 bounds memory and swap together.
std::optional<Value> swap_in(std::string_view memsw, const limit::GroupView& group) {
  const std::string* memory = group.find("memory.limit_in_bytes");
  const auto swap =
      limit::swap_from_memsw(bytes_in(memory == nullptr ? "-1" : *memory), bytes_in(memsw));
  if (!swap) return std::nullopt;
  if (swap->is_none()) return Value(Unlimited{});
  return Value(swap->value().count);
}

std::optional<Value> weight_in(Knob knob, int version, std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  if (!number) return std::nullopt;
  const bool own_scale = (knob == Knob::kCpuShares) == (version == 1);
  if (own_scale) return Value(*number);
  constexpr auto kFormula = limit::SharesFormula::kQuadratic;
  return Value((version == 1 ? limit::weight_from_shares(*number, kFormula)
                             : limit::shares_from_weight(*number, kFormula))
                   .value);
}

// A device's cap; no line is no cap.
std::optional<Value> throttle_in(Knob knob, int version, std::string_view text) {
  if (text.empty()) return Value(Unlimited{});
  return bound_in(version == 1 ? text : key_in(text, limit::name_of(knob).substr(3)));
}

std::optional<Value> switch_in(std::string_view text, const limit::GroupView& group) {
  // v1's freezer says FROZEN also of groups that an ancestor freezes.
  if (const std::string* self = group.find("freezer.self_freezing")) text = *self;
  if (text == "THAWED") return Value(std::uint64_t{0});
  if (text == "FROZEN" || text == "FREEZING") return Value(std::uint64_t{1});
  return number_in(text);
}

}  // namespace

std::optional<KnobPlace> place_of(const limit::KernelView& view, std::size_t group, Knob knob,
                                  std::string_view detail) {
  const limit::KnobInfo& info = limit::info_of(knob);
  auto controlled = view.of(info.controller);
  // Freezing needs no controller on v2.
  if (knob == Knob::kFreeze && controlled.version != 1 && view.unified)
    controlled = {2, *view.unified};
  if (controlled.version == 0) return std::nullopt;
  KnobPlace place;
  place.version = controlled.version;
  std::string& file = place.spot.file;
  file = controlled.version == 1 ? info.file_v1 : info.file_v2;
  if (file.empty()) return std::nullopt;
  if (const std::size_t at = file.find('%'); at != std::string::npos) file.replace(at, 1, detail);
  if (info.detail == Detail::kDevice) place.spot.key = detail;
  // One of three lines: "oom_kill_disable 0".
  if (knob == Knob::kMemoryOomKillDisable) place.spot.key = "oom_kill_disable";
  if (info.detail == Detail::kOptionalDevice) {
    if (place.version == 1 && !detail.empty()) file += "_device";
    if (place.version == 2 || !detail.empty())
      place.spot.key = detail.empty() ? "default" : std::string(detail);
  }
  const limit::GroupView& owner = view.groups[group];
  if (owner.find(file) == nullptr) return std::nullopt;
  place.spot.at = {owner.path, controlled.hierarchy, owner.inode[controlled.hierarchy]};
  return place;
}

std::vector<std::string> details_of(const limit::KernelView& view, std::size_t group, Knob knob) {
  const limit::KnobInfo& info = limit::info_of(knob);
  if (info.detail == Detail::kNone) return {""};
  std::vector<std::string> details;
  if (info.detail == Detail::kPageSize) {
    const bool v1 = view.of(info.controller).version == 1;
    const std::string_view pattern = v1 ? info.file_v1 : info.file_v2;
    const std::size_t percent = pattern.find('%');
    const std::string_view front = pattern.substr(0, percent);
    const std::string_view back = pattern.substr(percent + 1);
    for (const limit::FileText& file : view.groups[group].files)
      if (file.name.starts_with(front) && file.name.ends_with(back))
        details.push_back(
            file.name.substr(front.size(), file.name.size() - front.size() - back.size()));
    return details;
  }
  if (info.detail == Detail::kOptionalDevice) details.emplace_back();
  // Devices have no place without a name; any serves to find the file.
  const auto place = place_of(view, group, knob, "0:0");
  const std::string* text = place ? view.groups[group].find(place->spot.file) : nullptr;
  std::string_view rest = text == nullptr ? std::string_view() : *text;
  for (std::string_view line; next_line(rest, line);)
    if (const std::string_view word = word_in(line, 0); cgroupfs::parse_device_number(word))
      details.emplace_back(word);
  return details;
}

std::optional<std::string> text_at(const limit::KernelView& view, std::size_t group,
                                   const KnobPlace& place) {
  const std::string* text = view.groups[group].find(place.spot.file);
  if (text == nullptr) return std::nullopt;
  return std::string(limit::line_of(*text, place.spot.key));
}

std::optional<Value> value_in(Knob knob, int version, std::string_view text,
                              const limit::GroupView& group) {
  switch (knob) {
    case Knob::kCpuWeight:
    case Knob::kCpuShares:
      return weight_in(knob, version, text);
    case Knob::kCpuQuota:
      if (version == 2) return quota_in(word_in(text, 0), word_in(text, 1));
      if (const std::string* period = group.find("cpu.cfs_period_us"))
        return quota_in(text, *period);
      return std::nullopt;
    case Knob::kCpuPeriod:
      return number_in(version == 2 ? word_in(text, 1) : text);
    case Knob::kMemorySwap:
      return version == 1 ? swap_in(text, group) : bound_in(text);
    case Knob::kIoWeight:
      if (version == 1)
        if (const auto number = to_number<std::uint64_t>(text))
          return Value(limit::io_weight_from_blkio(*number).value);
      return number_in(text);
    case Knob::kIoRbps:
    case Knob::kIoWbps:
    case Knob::kIoRiops:
    case Knob::kIoWiops:
      return throttle_in(knob, version, text);
    case Knob::kIoLatency:
      return number_in(key_in(text, "target"));
    case Knob::kFreeze:
      return switch_in(text, group);
    default:
      break;
  }
  switch (limit::info_of(knob).unit) {
    case limit::Unit::kIds:
      if (auto ids = limit::IdSet::parse(text)) return Value(*std::move(ids));
      return std::nullopt;
    case limit::Unit::kKeys:
      return Value(std::string(text));
    case limit::Unit::kBytes:
    case limit::Unit::kCount:
      return bound_in(text);
    default:
      return number_in(text);
  }
}

bool shares_file(Knob knob, int version) {
  if (version != 2) return false;
  const auto file = limit::info_of(knob).file_v2;
  return std::ranges::count(limit::catalogue(), file, &limit::KnobInfo::file_v2) > 1 &&
         limit::info_of(knob).unit != limit::Unit::kNumber;
}

}  // namespace plimsoll::control
