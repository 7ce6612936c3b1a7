#include "agent/limit/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/go_duration.h"
#include "base/number.h"
#include "base/text.h"
#include "cgroupfs/limit/value.h"

namespace plimsoll::agent {
namespace {

// Percentages are the engine's to work out; here they only have to be well formed.
constexpr limit::Host kSomeHost{std::uint64_t{1} << 50, 8192, std::uint64_t{4} << 20};

Failure wrong(const LimitFlag& flag, std::string_view what) {
  std::string message(main_name(flag));
  return invalid_input("limit", message.append(": ").append(what));
}

// "8:0=10M", "/dev/sda=10M", "2MB=64M", "100": what stands before the first '=' and behind it.
struct Split {
  std::string detail;
  std::string value;
};
Split split(const LimitFlag& flag, std::string_view text) {
  const std::size_t equals = has_detail(flag) ? text.find('=') : std::string_view::npos;
  // "enable=1 rpct=95" of io.cost has its own: the first one is ours only behind a disk.
  if (equals == std::string_view::npos) return {"", std::string(trim(text))};
  return {std::string(trim(text.substr(0, equals))), std::string(trim(text.substr(equals + 1)))};
}

Result<std::string> detail_of(const LimitFlag& flag, const std::string& text,
                              const FindDisk& find_disk) {
  if (!text.starts_with('/')) return text;
  if (limit::info_of(flag.knob).detail == limit::Detail::kPageSize)
    return wrong(flag, "'" + text + "' is not a size of huge pages, such as 2MB");
  return find_disk(text);
}

// docker's -1, and what the reading makes of a bare number.
std::string spelled(const LimitFlag& flag, std::string value) {
  if (value == "-1") return "max";
  const bool bare = to_number<std::uint64_t>(value).has_value();
  if (flag.reading == Reading::kMicroseconds && bare) return value + "us";
  return value;
}

Result<Asked> set_one(const LimitFlag& flag, std::string_view text, const FindDisk& find_disk) {
  Split typed = split(flag, text);
  Asked asked{flag.knob, PLIMSOLL_TRY(detail_of(flag, typed.detail, find_disk)),
              spelled(flag, std::move(typed.value))};
  asked.with_memory = flag.reading == Reading::kMemoryAndSwap && asked.value != "max";
  const auto parsed = limit::parse_setting(
      flag.knob, asked.detail.empty() ? asked.value : asked.detail + "=" + asked.value, kSomeHost);
  if (!parsed) return wrong(flag, parsed.error().subject);
  asked.detail = parsed->detail;
  if (asked.with_memory) {
    // To be reckoned with, so here it must be a number.
    const auto exact = limit::parse_setting(flag.knob, asked.value);
    if (!exact) return wrong(flag, exact.error().subject);
    asked.value = std::to_string(std::get<std::uint64_t>(*exact->value));
  }
  return asked;
}

// "--memory", "--io-rbps" (all disks), "--io-rbps=8:0,8:16".
Result<std::vector<Asked>> named(const LimitFlag& flag, const std::optional<std::string>& value,
                                 const FindDisk& find_disk) {
  const bool optional = limit::info_of(flag.knob).detail == limit::Detail::kOptionalDevice;
  if (!value) {
    Asked all{flag.knob};
    all.every_detail = has_detail(flag) && !optional;
    return std::vector{all};
  }
  std::vector<Asked> out;
  std::string_view rest = *value;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const std::string detail = PLIMSOLL_TRY(detail_of(flag, std::string(trim(one)), find_disk));
    const auto parsed = limit::parse_unset(flag.knob, detail);
    if (!parsed) return wrong(flag, parsed.error().subject);
    out.push_back({flag.knob, parsed->detail, ""});
  }
  if (out.empty())
    return wrong(flag, "name a disk or a page size behind '=', or leave out the '='");
  return out;
}

Result<> check_times(Verb verb, const RequestOptions& options) {
  for (const auto& [flag, text] :
       {std::pair{"--for", &options.lease}, std::pair{"--deadline", &options.deadline}}) {
    if (text->empty()) continue;
    const auto time = parse_go_duration(*text);
    if (!time || time->count() <= 0)
      return invalid_input(flag, "'" + *text + "' is not a time such as 30s, 10m, 1h30m");
  }
  if (verb == Verb::kRestore && !options.lease.empty())
    return invalid_input("--for", "restore ends leases, it does not begin them");
  return {};
}

Result<> check_twice(const std::vector<Asked>& asked) {
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (asked[i].knob == asked[k].knob && asked[i].detail == asked[k].detail)
        return invalid_input("limit",
                             std::string(limit::name_of(asked[i].knob)) + " is asked for twice" +
                                 (asked[i].detail.empty() ? "" : " for " + asked[i].detail));
  return {};
}

const char* name_of(Verb verb) {
  if (verb == Verb::kSet) return "set";
  return verb == Verb::kUnset ? "unset" : "restore";
}

const Current* find(std::span<const Current> now, limit::Knob knob) {
  const auto found = std::ranges::find(now, knob, &Current::knob);
  return found == now.end() ? nullptr : &*found;
}

Result<> take_memory_off(Asked& swap, const std::vector<Asked>& all, std::span<const Current> now) {
  const auto asked = std::ranges::find(all, limit::Knob::kMemoryMax, &Asked::knob);
  std::optional<std::uint64_t> memory;
  if (asked != all.end()) {
    const auto value = limit::parse_setting(limit::Knob::kMemoryMax, asked->value);
    if (!value)
      return invalid_input("--memory-swap", "with a percentage for --memory, give --swap instead");
    if (const auto* bytes = std::get_if<std::uint64_t>(&*value->value)) memory = *bytes;
  } else if (const Current* current = find(now, limit::Knob::kMemoryMax)) {
    memory = current->number;
  }
  if (!memory)
    return invalid_input("--memory-swap",
                         "it is memory and swap together, and the memory has no limit: give "
                         "--memory too, or --swap for swap alone");
  const std::uint64_t both = to_number<std::uint64_t>(swap.value).value_or(0);
  if (both < *memory)
    return invalid_input("--memory-swap",
                         "it is memory and swap together, and the memory alone is " +
                             std::to_string(*memory) + " bytes");
  swap.value = std::to_string(both - *memory);
  swap.with_memory = false;
  return {};
}

}  // namespace

bool LimitWishes::needs_current() const {
  return std::ranges::any_of(asked,
                             [](const Asked& one) { return one.every_detail || one.with_memory; });
}

Result<LimitWishes> parse_wishes(Verb verb, std::span<const TypedFlag> typed,
                                 const RequestOptions& options, const FindDisk& find_disk) {
  LimitWishes wishes{verb, {}, options};
  PLIMSOLL_TRY(check_times(verb, options));
  for (const TypedFlag& one : typed) {
    if (verb == Verb::kSet) {
      if (!one.value && !is_switch(*one.flag)) return wrong(*one.flag, "give a value");
      wishes.asked.push_back(PLIMSOLL_TRY(set_one(*one.flag, one.value.value_or("on"), find_disk)));
      continue;
    }
    const auto some = PLIMSOLL_TRY(named(*one.flag, one.value, find_disk));
    wishes.asked.insert(wishes.asked.end(), some.begin(), some.end());
  }
  if (wishes.asked.empty() && verb != Verb::kRestore)
    return invalid_input("limit", verb == Verb::kSet ? "say what to set, such as --memory 64M"
                                                     : "say what to unset, such as --memory");
  PLIMSOLL_TRY(check_twice(wishes.asked));
  return wishes;
}

Result<LimitWishes> completed(LimitWishes wishes, std::span<const Current> now) {
  std::vector<Asked> all;
  for (Asked& one : wishes.asked) {
    if (one.with_memory) PLIMSOLL_TRY(take_memory_off(one, wishes.asked, now));
    if (!one.every_detail) {
      all.push_back(one);
      continue;
    }
    const std::size_t before = all.size();
    for (const Current& current : now)
      if (current.knob == one.knob && !current.detail.empty() && current.limited)
        all.push_back({one.knob, current.detail, ""});
    if (all.size() == before)
      return invalid_input("limit",
                           std::string(limit::name_of(one.knob)) + ": there is none to take away");
  }
  wishes.asked = std::move(all);
  return wishes;
}

std::string to_json(const LimitWishes& wishes) {
  using json = nlohmann::ordered_json;
  json list = json::array();
  for (const Asked& one : wishes.asked) {
    json entry{{"knob", limit::name_of(one.knob)}};
    if (!one.detail.empty()) entry["detail"] = one.detail;
    if (wishes.verb == Verb::kSet) entry["value"] = one.value;
    list.push_back(std::move(entry));
  }
  json body = json::object();
  const bool everything = wishes.verb == Verb::kRestore && wishes.asked.empty();
  body[name_of(wishes.verb)] = everything ? json("all") : std::move(list);
  const RequestOptions& options = wishes.options;
  if (!options.lease.empty()) body["for"] = options.lease;
  if (!options.deadline.empty()) body["deadline"] = options.deadline;
  if (options.dry_run) body["dry_run"] = true;
  if (options.force) body["force"] = true;
  if (options.accept_direct_io) body["accept_direct_io"] = true;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace plimsoll::agent
