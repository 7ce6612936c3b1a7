#include "cgroupfs/limit/limits.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "base/text.h"

namespace plimsoll::limit {
namespace {

using std::chrono::microseconds;

// Calls `f` with every knob and its field: the one place that joins the two.
template <class L, class F>
void visit(L& limits, F f) {
  f(Knob::kCpuWeight, limits.cpu_weight);
  f(Knob::kCpuShares, limits.cpu_shares);
  f(Knob::kCpuQuota, limits.cpu_quota);
  f(Knob::kCpuPeriod, limits.cpu_period);
  f(Knob::kCpuBurst, limits.cpu_burst);
  f(Knob::kCpuIdle, limits.cpu_idle);
  f(Knob::kCpusetCpus, limits.cpuset_cpus);
  f(Knob::kCpusetMems, limits.cpuset_mems);
  f(Knob::kMemoryMin, limits.memory_min);
  f(Knob::kMemoryLow, limits.memory_low);
  f(Knob::kMemoryHigh, limits.memory_high);
  f(Knob::kMemoryMax, limits.memory_max);
  f(Knob::kMemorySwap, limits.memory_swap);
  f(Knob::kMemoryOomGroup, limits.memory_oom_group);
  f(Knob::kMemorySwappiness, limits.memory_swappiness);
  f(Knob::kMemoryOomKillDisable, limits.memory_oom_kill_disable);
  f(Knob::kIoWeight, limits.io_weight);
  f(Knob::kIoWeight, limits.io_weight_device);
  f(Knob::kIoBfqWeight, limits.io_bfq_weight);
  f(Knob::kIoBfqWeight, limits.io_bfq_weight_device);
  f(Knob::kIoRbps, limits.io_rbps);
  f(Knob::kIoWbps, limits.io_wbps);
  f(Knob::kIoRiops, limits.io_riops);
  f(Knob::kIoWiops, limits.io_wiops);
  f(Knob::kIoLatency, limits.io_latency);
  f(Knob::kIoCostQos, limits.io_cost_qos);
  f(Knob::kIoCostModel, limits.io_cost_model);
  f(Knob::kPidsMax, limits.pids_max);
  f(Knob::kHugetlbMax, limits.hugetlb_max);
  f(Knob::kFreeze, limits.freeze);
}

Value to_value(std::uint64_t number) {
  return number;
}
Value to_value(microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}
Value to_value(Switch on) {
  return static_cast<std::uint64_t>(on);
}
Value to_value(Bytes bytes) {
  return bytes.count;
}
Value to_value(CpuTime time) {
  return time;
}
Value to_value(const IdSet& ids) {
  return ids;
}
Value to_value(const KeyedText& keyed) {
  return keyed.text;
}
template <class T>
Value to_value(const Limit<T>& limit) {
  return limit.is_none() ? Value(Unlimited{}) : to_value(limit.value());
}

// Nothing when the value is of another type than the field.
template <class T>
struct FromValue;
template <>
struct FromValue<std::uint64_t> {
  static std::optional<std::uint64_t> get(const Value& value) {
    const auto* number = std::get_if<std::uint64_t>(&value);
    return number == nullptr ? std::nullopt : std::optional(*number);
  }
};
template <>
struct FromValue<microseconds> {
  static std::optional<microseconds> get(const Value& value) {
    const auto number = FromValue<std::uint64_t>::get(value);
    if (!number || *number > static_cast<std::uint64_t>(microseconds::max().count()))
      return std::nullopt;
    return microseconds(*number);
  }
};
template <>
struct FromValue<Switch> {
  static std::optional<Switch> get(const Value& value) {
    const auto number = FromValue<std::uint64_t>::get(value);
    if (!number || *number > 1) return std::nullopt;
    return static_cast<Switch>(*number);
  }
};
template <>
struct FromValue<Bytes> {
  static std::optional<Bytes> get(const Value& value) {
    const auto number = FromValue<std::uint64_t>::get(value);
    return number ? std::optional(Bytes{*number}) : std::nullopt;
  }
};
template <>
struct FromValue<CpuTime> {
  static std::optional<CpuTime> get(const Value& value) {
    const auto* time = std::get_if<CpuTime>(&value);
    return time == nullptr ? std::nullopt : std::optional(*time);
  }
};
template <>
struct FromValue<IdSet> {
  static std::optional<IdSet> get(const Value& value) {
    const auto* ids = std::get_if<IdSet>(&value);
    return ids == nullptr ? std::nullopt : std::optional(*ids);
  }
};
template <>
struct FromValue<KeyedText> {
  static std::optional<KeyedText> get(const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? std::nullopt : std::optional(KeyedText{*text});
  }
};
template <class T>
struct FromValue<Limit<T>> {
  static std::optional<Limit<T>> get(const Value& value) {
    if (std::holds_alternative<Unlimited>(value)) return Limit<T>::none();
    const auto inner = FromValue<T>::get(value);
    return inner ? std::optional(Limit<T>(*inner)) : std::nullopt;
  }
};

template <class T>
std::optional<Want<T>> to_want(const Setting& setting) {
  if (!setting.value) return Want<T>::unset();
  auto value = FromValue<T>::get(*setting.value);
  if (!value) return std::nullopt;
  return Want<T>(*std::move(value));
}

std::string text_of(DeviceNumber device) {
  return std::to_string(device.major) + ":" + std::to_string(device.minor);
}
std::string text_of(std::string page_size) {
  return page_size;
}

void collect(std::vector<Setting>& out, Knob knob, const auto& want, const std::string& detail) {
  if (!want.is_asked()) return;
  Setting setting{knob, detail, std::nullopt};
  if (want.has_value()) setting.value = to_value(want.value());
  out.push_back(std::move(setting));
}

enum class Put : std::uint8_t { kDone, kOtherField, kBadDetail, kBadType };

template <class T>
Put put(Want<T>& field, const Setting& setting) {
  if (!setting.detail.empty())
    return info_of(setting.knob).detail == Detail::kNone ? Put::kBadDetail : Put::kOtherField;
  auto want = to_want<T>(setting);
  if (!want) return Put::kBadType;
  field = *std::move(want);
  return Put::kDone;
}

template <class Key, class T>
Put put_at(std::map<Key, Want<T>>& field, Key key, const Setting& setting) {
  auto want = to_want<T>(setting);
  if (!want) return Put::kBadType;
  field[std::move(key)] = *std::move(want);
  return Put::kDone;
}

template <class T>
Put put(PerDevice<T>& field, const Setting& setting) {
  const auto device = cgroupfs::parse_device_number(setting.detail);
  if (!device) {
    const bool default_instead =
        setting.detail.empty() && info_of(setting.knob).detail == Detail::kOptionalDevice;
    return default_instead ? Put::kOtherField : Put::kBadDetail;
  }
  return put_at(field, *device, setting);
}

bool is_page_size(std::string_view text) {
  if (text.size() < 3) return false;
  const std::string_view unit = text.substr(text.size() - 2);
  return (unit == "KB" || unit == "MB" || unit == "GB") &&
         to_number<std::uint32_t>(text.substr(0, text.size() - 2)).value_or(0) > 0;
}

Put put(std::map<std::string, Want<Limit<Bytes>>>& field, const Setting& setting) {
  if (!is_page_size(setting.detail)) return Put::kBadDetail;
  return put_at(field, setting.detail, setting);
}

// The value ends up in a control file as it is: nothing but "key=value", one blank between.
bool is_keyed(std::string_view text) {
  if (text.empty()) return false;
  for (std::string_view word; next_word(text, word);) {
    const std::size_t equals = word.find('=');
    const bool plain = std::ranges::all_of(word, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '=' || c == '.';
    });
    if (!plain || equals == 0 || equals == std::string_view::npos || equals + 1 == word.size() ||
        word.find('=', equals + 1) != std::string_view::npos)
      return false;
  }
  return true;
}

Failure refused(const Setting& setting, Put why) {
  const KnobInfo& info = info_of(setting.knob);
  std::string what(info.name);
  if (!setting.detail.empty()) what += " of \"" + setting.detail + "\"";
  if (why == Put::kBadType) return invalid_input("limit", what + ": a value of another type");
  switch (info.detail) {
    case Detail::kNone:
      return invalid_input("limit", what + ": is not set per device or size");
    case Detail::kPageSize:
      return invalid_input("limit", what + ": needs a page size in front, as in 2MB=64M");
    default:
      break;
  }
  return invalid_input("limit", what + ": needs a device in front, as in 254:0=...");
}

}  // namespace

std::vector<Setting> settings_of(const Limits& limits) {
  std::vector<Setting> settings;
  visit(limits, [&](Knob knob, const auto& field) {
    if constexpr (requires { field.is_asked(); })
      collect(settings, knob, field, "");
    else
      for (const auto& [key, want] : field) collect(settings, knob, want, text_of(key));
  });
  return settings;
}

Result<Limits> with(Limits limits, const Setting& setting) {
  if (info_of(setting.knob).unit == Unit::kKeys && setting.value) {
    const auto* text = std::get_if<std::string>(&*setting.value);
    if (text == nullptr || !is_keyed(*text))
      return invalid_input(
          "limit", std::string(name_of(setting.knob)) + ": is not of the form enable=1 rpct=95.00");
  }
  Put result = Put::kOtherField;
  visit(limits, [&](Knob knob, auto& field) {
    if (knob == setting.knob && result == Put::kOtherField) result = put(field, setting);
  });
  if (result != Put::kDone) return refused(setting, result);
  return limits;
}

}  // namespace plimsoll::limit
