#include "control/policy/amount.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::policy {
namespace {

using limit::Knob;
__extension__ using Wide = unsigned __int128;

constexpr std::uint32_t kWhole = 10'000;  // 100 %.
constexpr std::uint32_t kMostPercent = 1000;
constexpr std::uint64_t kBillion = 1'000'000'000;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kHundredthCpu = kBillion / 100;  // Also the least quota of a usual period.
constexpr std::string_view kForm =
    "a share such as \"50% of host\", \"80% of parent\", \"150% of p95, at least 64M, at most 2G\"";

// What shares of a knob are counted in.
enum class Measure : std::uint8_t { kNone, kMemory, kCpu, kPids };

Measure measure_of(Knob knob) {
  switch (knob) {
    case Knob::kMemoryMin:
    case Knob::kMemoryLow:
    case Knob::kMemoryHigh:
    case Knob::kMemoryMax:
      return Measure::kMemory;
    case Knob::kCpuQuota:
      return Measure::kCpu;
    case Knob::kPidsMax:
      return Measure::kPids;
    default:
      return Measure::kNone;
  }
}

// A bound on what a container can use, unlike a protection: with less than it used, the next look
// would find less again.
bool is_cap(Knob knob) {
  return knob != Knob::kMemoryMin && knob != Knob::kMemoryLow;
}

Failure refuse(Knob knob, const std::string& why) {
  return invalid_input("policy", std::string(limit::name_of(knob)) + ": " + why);
}

// A large machine, so that a file is judged the same on every host.
limit::Host any_host() {
  return {.memory_bytes = std::uint64_t{1} << 50, .cpus = 8192, .pids = std::uint64_t{4} << 20};
}

// What a group of this kind can never have, wherever it is.
Result<> in_range(const limit::Setting& setting, std::string_view text) {
  const limit::KnobInfo& info = limit::info_of(setting.knob);
  std::optional<std::uint64_t> number;
  if (setting.value) {
    if (const auto* plain = std::get_if<std::uint64_t>(&*setting.value)) number = *plain;
    if (const auto* time = std::get_if<limit::CpuTime>(&*setting.value))
      number = time->unit == limit::CpuTime::Unit::kMicroseconds
                   ? time->amount
                   // The longest period there is, a second.
                   : time->amount / 1000;
  }
  if (!number || (*number >= info.min && *number <= info.max)) return {};
  return refuse(setting.knob, "\"" + std::string(text) + "\" is outside of what a kernel keeps, " +
                                  std::to_string(info.min) + " to " + std::to_string(info.max));
}

Result<limit::Setting> parse_absolute(Knob knob, std::string_view text, const limit::Host& host) {
  const std::size_t equals =
      limit::info_of(knob).detail == limit::Detail::kNone ? text.npos : text.find('=');
  const std::string_view value = trim(equals == text.npos ? text : text.substr(equals + 1));
  if (value == "unset")
    return limit::parse_unset(knob, equals == text.npos ? "" : text.substr(0, equals));
  return limit::parse_setting(knob, text, host);
}

// "62.5" as 6250.
std::optional<std::uint32_t> parse_percent(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = to_number<std::uint32_t>(text.substr(0, point));
  if (!whole || *whole > kMostPercent) return std::nullopt;
  std::uint32_t hundredths = *whole * 100;
  if (point == std::string_view::npos) return hundredths;
  const std::string_view fraction = text.substr(point + 1);
  const auto digits = to_number<std::uint32_t>(fraction);
  if (!digits || fraction.size() > 2) return std::nullopt;
  hundredths += fraction.size() == 1 ? *digits * 10 : *digits;
  return hundredths;
}

std::optional<Base> base_named(std::string_view name) {
  for (const Base base : {Base::kHost, Base::kParent, Base::kP95, Base::kMax})
    if (name == name_of(base)) return base;
  return std::nullopt;
}

Result<> read_bound(Knob knob, std::string_view part, Share& share) {
  for (auto& [word, bound] :
       {std::pair<std::string_view, std::string*>{"at least ", &share.at_least},
        {"at most ", &share.at_most}}) {
    if (!part.starts_with(word)) continue;
    const std::string_view value = trim(part.substr(word.size()));
    if (!bound->empty()) return refuse(knob, "\"" + std::string(word) + "\" is given twice");
    if (value.find('%') != value.npos || value == "unset" || value == "max")
      return refuse(knob, "a bound is a plain value, not \"" + std::string(value) + "\"");
    const auto setting = PLIMSOLL_TRY(limit::parse_setting(knob, value));
    PLIMSOLL_TRY(in_range(setting, value));
    *bound = value;
    return {};
  }
  return refuse(knob,
                "\"" + std::string(part) + "\" is not \"at least VALUE\" or \"at most VALUE\"");
}

// Numbers of one knob, to be compared: bytes, billionths of a CPU, processes.
std::optional<std::uint64_t> number_of(const limit::Setting& setting) {
  if (!setting.value) return std::nullopt;
  if (const auto* number = std::get_if<std::uint64_t>(&*setting.value)) return *number;
  const auto* time = std::get_if<limit::CpuTime>(&*setting.value);
  if (time != nullptr && time->unit == limit::CpuTime::Unit::kNanoCpus) return time->amount;
  return std::nullopt;
}

Result<Share> parse_share(Knob knob, std::string_view text) {
  if (measure_of(knob) == Measure::kNone)
    return refuse(knob,
                  "no share of anything; that have memory.min, memory.low, memory.high, "
                  "memory.max, cpu.quota and pids.max");
  Share share;
  std::string_view rest = text;
  const std::size_t comma = std::min(rest.find(','), rest.size());
  const std::string_view head = trim(rest.substr(0, comma));
  rest.remove_prefix(std::min(rest.size(), comma + 1));
  const std::size_t percent = head.find('%');
  const auto hundredths = parse_percent(trim(head.substr(0, percent)));
  std::string_view base = percent == head.npos ? "" : trim(head.substr(percent + 1));
  if (!hundredths || *hundredths == 0 || !base.starts_with("of "))
    return refuse(knob, "\"" + std::string(text) + "\" is not " + std::string(kForm) +
                            "; at most " + std::to_string(kMostPercent) + "%");
  base = trim(base.substr(3));
  const auto known = base_named(base);
  if (!known)
    return refuse(knob, "\"of " + std::string(base) + "\": of host, of parent, of p95 or of max");
  share.base = *known;
  share.hundredths = *hundredths;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    PLIMSOLL_TRY(read_bound(knob, trim(rest.substr(0, end)), share));
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  const bool observed = share.base == Base::kP95 || share.base == Base::kMax;
  if (!observed && share.hundredths > kWhole)
    return refuse(knob, "more than 100% of " + std::string(base) + " limits nothing");
  if (observed && share.hundredths <= kWhole && is_cap(knob))
    return refuse(knob,
                  "100% or less of what was used would press it down at every look; "
                  "leave room, such as 150% of " +
                      std::string(base));
  if (!share.at_least.empty() && !share.at_most.empty()) {
    const auto least = number_of(PLIMSOLL_TRY(limit::parse_setting(knob, share.at_least)));
    const auto most = number_of(PLIMSOLL_TRY(limit::parse_setting(knob, share.at_most)));
    if (!least || !most || *least > *most)
      return refuse(knob, "at least " + share.at_least + " and at most " + share.at_most);
  }
  return share;
}

struct Whole {
  std::optional<std::uint64_t> amount;
  std::string what;  // "the host's 8G", or what is missing.
};

limit::Setting setting_of(Knob knob, std::uint64_t number) {
  if (measure_of(knob) == Measure::kCpu)
    return {knob, "", limit::CpuTime{limit::CpuTime::Unit::kNanoCpus, number}};
  return {knob, "", number};
}

Whole of_host(Knob knob, const limit::Host& host) {
  std::optional<std::uint64_t> amount = host.memory_bytes;
  if (measure_of(knob) == Measure::kCpu) {
    amount = host.cpus;
    if (amount) *amount *= kBillion;
  }
  if (measure_of(knob) == Measure::kPids) amount = host.pids;
  if (!amount) return {std::nullopt, "the host's amount is not known"};
  return {amount, "the host's " + limit::to_text(setting_of(knob, *amount))};
}

Whole of_parent(Knob knob, const Known& known) {
  std::optional<std::uint64_t> amount = known.parent.memory;
  if (measure_of(knob) == Measure::kCpu) amount = known.parent.nano_cpus;
  if (measure_of(knob) == Measure::kPids) amount = known.parent.pids;
  const Whole host = of_host(knob, known.host);
  if (amount && (!host.amount || *amount < *host.amount))
    return {amount, "its parent's " + limit::to_text(setting_of(knob, *amount))};
  return {host.amount, host.what + (host.amount ? ", for no parent has a limit" : "")};
}

// In seconds only where minutes would hide how far it is.
std::string span_text(std::chrono::nanoseconds span) {
  using std::chrono::duration_cast;
  if (span < std::chrono::minutes(2))
    return std::to_string(duration_cast<std::chrono::seconds>(span).count()) + " s";
  return std::to_string(duration_cast<std::chrono::minutes>(span).count()) + " min";
}

Whole of_observed(Knob knob, Base base, const Known& known) {
  std::optional<Use> use = known.observed.memory;
  if (measure_of(knob) == Measure::kCpu) use = known.observed.nano_cpus;
  if (measure_of(knob) == Measure::kPids) use = known.observed.pids;
  if (!use || known.observed.span < known.min_observed)
    return {std::nullopt, "not yet known: observed for " + span_text(known.observed.span) + " of " +
                              span_text(known.min_observed)};
  const std::uint64_t amount = base == Base::kP95 ? use->p95 : use->max;
  return {amount, std::string(name_of(base)) + " " + limit::to_text(setting_of(knob, amount)) +
                      " over " + span_text(known.observed.span)};
}

// Up or down to a multiple of `step`.
std::uint64_t rounded(std::uint64_t number, std::uint64_t step, bool up) {
  const std::uint64_t rest = number % step;
  if (rest == 0) return number;
  return up && number <= UINT64_MAX - step ? number - rest + step : number - rest;
}

std::uint64_t in_steps(Knob knob, Base base, std::uint64_t number) {
  const bool observed = base == Base::kP95 || base == Base::kMax;
  switch (measure_of(knob)) {
    case Measure::kMemory:
      return rounded(number, observed ? kMiB : kPage, observed);
    case Measure::kCpu:
      return std::max(rounded(number, kHundredthCpu, true), kHundredthCpu);
    default:
      return std::max<std::uint64_t>(number, 1);
  }
}

Resolved resolve_share(const Amount& amount, const Share& share, const Known& known) {
  const Knob knob = amount.knob;
  const Whole whole = share.base == Base::kHost     ? of_host(knob, known.host)
                      : share.base == Base::kParent ? of_parent(knob, known)
                                                    : of_observed(knob, share.base, known);
  if (!whole.amount) return {std::nullopt, whole.what};
  const Wide part = Wide{*whole.amount} * share.hundredths / kWhole;
  std::uint64_t number = part > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(part);
  number = in_steps(knob, share.base, number);
  std::string how = amount.text + ": " + whole.what;
  if (measure_of(knob) != Measure::kCpu) number = std::min(number, limit::info_of(knob).max);
  const auto bound = [&](const std::string& text) {
    const auto setting = limit::parse_setting(knob, text);
    return setting ? number_of(*setting) : std::nullopt;
  };
  if (const auto least = bound(share.at_least); least && number < *least) {
    number = *least;
    how += ", raised to its bound";
  }
  if (const auto most = bound(share.at_most); most && number > *most) {
    number = *most;
    how += ", lowered to its bound";
  }
  return {setting_of(knob, number), how};
}

}  // namespace

std::string_view name_of(Base base) {
  switch (base) {
    case Base::kHost:
      return "host";
    case Base::kParent:
      return "parent";
    case Base::kP95:
      return "p95";
    case Base::kMax:
      break;
  }
  return "max";
}

Result<Amount> parse_amount(Knob knob, std::string_view text) {
  text = trim(text);
  Amount amount{knob, "", std::string(text), std::nullopt};
  if (text.find('%') != text.npos && text.find(" of ") != text.npos) {
    amount.share = PLIMSOLL_TRY(parse_share(knob, text));
    return amount;
  }
  const limit::Setting setting = PLIMSOLL_TRY(parse_absolute(knob, text, any_host()));
  PLIMSOLL_TRY(in_range(setting, text));
  amount.detail = setting.detail;
  return amount;
}

Resolved resolve(const Amount& amount, const Known& known) {
  if (amount.share) return resolve_share(amount, *amount.share, known);
  auto setting = parse_absolute(amount.knob, amount.text, known.host);
  if (!setting) return {std::nullopt, setting.error().subject};
  return {*std::move(setting), amount.text};
}

bool is_near(const limit::Setting& one, const limit::Setting& other) {
  if (one.knob != other.knob || one.detail != other.detail) return false;
  const auto a = number_of(one);
  const auto b = number_of(other);
  if (!a || !b) return one == other;
  const std::uint64_t difference = *a > *b ? *a - *b : *b - *a;
  return difference <= std::min(*a, *b) / 10;
}

}  // namespace plimsoll::policy
