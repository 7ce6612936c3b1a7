#include "control/api/decode.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "base/go_duration.h"
#include "control/api/strict_json.h"

namespace plimsoll::control {
namespace {

using nlohmann::json;

constexpr std::chrono::nanoseconds kLongestLease = std::chrono::hours(24 * 366);
constexpr std::chrono::nanoseconds kLongestDeadline = std::chrono::hours(1);

Failure wrong(std::string_view where, std::string_view what) {
  return invalid_input("decode", std::string(where) + ": " + std::string(what));
}

// Every key must be one of these.
Result<> only(const json& object, std::string_view where,
              std::initializer_list<std::string_view> keys) {
  if (!object.is_object()) return wrong(where, "not an object");
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(keys, key) == keys.end()) {
      std::string known;
      for (const std::string_view name : keys)
        known += (known.empty() ? "" : ", ") + std::string(name);
      return wrong(pointer(where, key), "unknown; there are " + known);
    }
  return {};
}

const json* member(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Result<std::string> text_of(const json& value, std::string_view where) {
  if (!value.is_string()) return wrong(where, "not a string");
  return value.get<std::string>();
}

Result<bool> flag(const json& object, const char* key) {
  const json* const value = member(object, key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return wrong(pointer("", key), "not true or false");
  return value->get<bool>();
}

Result<std::optional<std::chrono::nanoseconds>> duration(const json& object, const char* key,
                                                         std::chrono::nanoseconds longest) {
  const json* const value = member(object, key);
  if (value == nullptr) return std::optional<std::chrono::nanoseconds>();
  const std::string where = pointer("", key);
  const auto length = parse_go_duration(PLIMSOLL_TRY(text_of(*value, where)));
  if (!length) return wrong(where, "not a time such as 90s, 10m or 1h30m");
  if (*length <= std::chrono::nanoseconds(0) || *length > longest)
    return wrong(
        where, "must be longer than nothing and at most " +
                   std::to_string(std::chrono::duration_cast<std::chrono::hours>(longest).count()) +
                   "h");
  return length;
}

struct Named {
  limit::Knob knob{};
  std::string detail;
};

Result<Named> named(const json& entry, std::string_view where) {
  const json* const name = member(entry, "knob");
  if (name == nullptr) return wrong(where, "has no \"knob\"");
  const std::string at = pointer(where, "knob");
  const std::string word = PLIMSOLL_TRY(text_of(*name, at));
  const auto knob = limit::knob_named(word);
  if (!knob) return wrong(at, "there is no knob \"" + word + "\"; docs/limits.md lists them");
  Named out{*knob, ""};
  if (const json* const detail = member(entry, "detail"))
    out.detail = PLIMSOLL_TRY(text_of(*detail, pointer(where, "detail")));
  if (out.detail.find('=') != std::string::npos)
    return wrong(pointer(where, "detail"), "holds a '='");
  return out;
}

std::string number_text(const json& number) {
  if (!number.is_number_float()) return number.dump();
  // "0.25", never "2.5e-1".
  std::array<char, 64> text{};
  const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), number.get<double>(),
                                       std::chars_format::fixed);
  return ec == std::errc{} ? std::string(text.data(), end) : number.dump();
}

// As parse_setting() reads it.
Result<std::string> spelled(const json& value, const Named& named, const std::string& where) {
  if (value.is_string()) {
    auto text = value.get<std::string>();
    if (text.find('=') != std::string::npos &&
        limit::info_of(named.knob).unit != limit::Unit::kKeys)
      return wrong(where, "holds a '='; the device or page size goes into \"detail\"");
    return text;
  }
  if (value.is_number()) return number_text(value);
  if (value.is_boolean() && limit::info_of(named.knob).unit == limit::Unit::kSwitch)
    return std::string(value.get<bool>() ? "on" : "off");
  if (value.is_object() && limit::info_of(named.knob).unit == limit::Unit::kCpuTime) {
    PLIMSOLL_TRY(only(value, where, {"cpus", "microseconds"}));
    const json* const cpus = member(value, "cpus");
    const json* const usec = member(value, "microseconds");
    if ((cpus == nullptr) == (usec == nullptr))
      return wrong(where, "needs one of cpus and microseconds");
    const json& amount = cpus != nullptr ? *cpus : *usec;
    if (!amount.is_number())
      return wrong(pointer(where, cpus != nullptr ? "cpus" : "microseconds"), "not a number");
    return number_text(amount) + (cpus != nullptr ? " cpus" : "us");
  }
  return wrong(where, "not a value of " + std::string(limit::name_of(named.knob)));
}

Result<limit::Setting> setting_of(const json& entry, const std::string& where,
                                  const limit::Host& host) {
  PLIMSOLL_TRY(only(entry, where, {"knob", "detail", "value"}));
  const Named knob = PLIMSOLL_TRY(named(entry, where));
  const json* const value = member(entry, "value");
  const std::string at = pointer(where, "value");
  if (value == nullptr) return wrong(where, "has no \"value\"; what has none goes into \"unset\"");
  std::string text = PLIMSOLL_TRY(spelled(*value, knob, at));
  const bool keys = limit::info_of(knob.knob).unit == limit::Unit::kKeys;
  if (!knob.detail.empty() || keys) text.insert(0, knob.detail + "=");
  return in(at, limit::parse_setting(knob.knob, text, host));
}

Result<limit::Setting> unset_of(const json& entry, const std::string& where) {
  PLIMSOLL_TRY(only(entry, where, {"knob", "detail"}));
  const Named knob = PLIMSOLL_TRY(named(entry, where));
  return in(where, limit::parse_unset(knob.knob, knob.detail));
}

// An array under `key`, each element by `one`; no knob and detail twice.
template <class One>
Result<> each(const json& object, const char* key, std::vector<limit::Setting>& out, One one) {
  const json* const list = member(object, key);
  if (list == nullptr) return {};
  const std::string above = pointer("", key);
  if (!list->is_array()) return wrong(above, "not an array");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string where = pointer(above, std::to_string(i));
    limit::Setting setting = PLIMSOLL_TRY(one((*list)[i], where));
    const bool twice = std::ranges::any_of(out, [&](const limit::Setting& earlier) {
      return earlier.knob == setting.knob && earlier.detail == setting.detail;
    });
    if (twice)
      return wrong(where, std::string(limit::name_of(setting.knob)) + " is asked for twice");
    out.push_back(std::move(setting));
  }
  return {};
}

Result<> read_restore(const json& document, LimitRequest& request) {
  const json* const restore = member(document, "restore");
  if (restore == nullptr) return {};
  if (restore->is_string()) {
    if (*restore != "all") return wrong("/restore", "\"all\", or an array of knobs");
    request.restore_all = true;
    return {};
  }
  std::vector<limit::Setting> knobs;
  PLIMSOLL_TRY(each(document, "restore", knobs, unset_of));
  for (limit::Setting& knob : knobs) request.restore.push_back({knob.knob, std::move(knob.detail)});
  return {};
}

}  // namespace

Result<LimitRequest> decode(std::string_view body, const limit::Host& host) {
  const json document =
      PLIMSOLL_TRY(parse_strictly(body, {.bytes = kMostRequestBytes, .depth = kMostRequestDepth}));
  PLIMSOLL_TRY(
      only(document, "",
           {"set", "unset", "restore", "for", "dry_run", "force", "deadline", "accept_direct_io"}));
  LimitRequest request;
  PLIMSOLL_TRY(each(
      document, "set", request.settings,
      [&](const json& entry, const std::string& where) { return setting_of(entry, where, host); }));
  PLIMSOLL_TRY(each(document, "unset", request.settings, unset_of));
  PLIMSOLL_TRY(read_restore(document, request));
  request.lease = PLIMSOLL_TRY(duration(document, "for", kLongestLease));
  if (const auto deadline = PLIMSOLL_TRY(duration(document, "deadline", kLongestDeadline)))
    request.deadline = *deadline;
  if (PLIMSOLL_TRY(flag(document, "dry_run"))) request.mode = LimitRequest::Mode::kDryRun;
  if (PLIMSOLL_TRY(flag(document, "force"))) request.below_floor = LimitRequest::BelowFloor::kForce;
  if (PLIMSOLL_TRY(flag(document, "accept_direct_io")))
    request.v1_write_caps = limit::PlanOptions::DirectIo::kAccept;
  const bool restores = request.restore_all || !request.restore.empty();
  if (restores && !request.settings.empty())
    return wrong("/restore", "goes by itself, without set and unset");
  if (restores && request.lease) return wrong("/for", "a value that is brought back has no lease");
  if (!restores && request.settings.empty())
    return wrong("", "asks for nothing; give set, unset or restore");
  return request;
}

}  // namespace plimsoll::control
