#include "cgroupfs/limit/value.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/number.h"
#include "base/text.h"

namespace plimsoll::limit {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kBillion = 1'000'000'000;

// "1.5" as 15 / 10.
struct Decimal {
  std::uint64_t digits = 0;
  std::uint64_t scale = 1;
};

struct Amount {
  Decimal number;
  std::string_view suffix;  // What follows the digits, blanks in between dropped.
};

std::optional<Amount> split(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view number = text.substr(0, end);
  Amount amount;
  amount.suffix = trim(text.substr(end));
  const std::size_t point = number.find('.');
  std::string digits(number.substr(0, point));
  if (digits.empty()) return std::nullopt;
  if (point != std::string_view::npos) {
    const std::string_view fraction = number.substr(point + 1);
    if (fraction.empty() || fraction.size() > 9) return std::nullopt;
    for (std::size_t i = 0; i < fraction.size(); ++i) amount.number.scale *= 10;
    digits += fraction;
  }
  const auto value = to_number<std::uint64_t>(digits);
  if (!value) return std::nullopt;
  amount.number.digits = *value;
  return amount;
}

// number * times / over, rounded down; nothing when it does not fit.
std::optional<std::uint64_t> scaled(const Decimal& number, std::uint64_t times,
                                    std::uint64_t over = 1) {
  const Wide product = Wide{number.digits} * times / (Wide{number.scale} * over);
  if (product > kMost) return std::nullopt;
  return static_cast<std::uint64_t>(product);
}

struct Suffix {
  std::string_view text;
  std::uint64_t times;
};

std::optional<std::uint64_t> factor(std::span<const Suffix> table, std::string_view suffix) {
  const auto row = std::ranges::find(table, suffix, &Suffix::text);
  if (row == table.end()) return std::nullopt;
  return row->times;
}

// The letter alone, with "B" and with "iB"; any case but for the "i".
std::optional<std::uint64_t> byte_factor(std::string_view suffix) {
  if (suffix.empty() || suffix == "B" || suffix == "b") return 1;
  constexpr std::string_view kLetters = "kmgtpe";
  const char letter = static_cast<char>(suffix.front() | 0x20);
  const std::size_t power = kLetters.find(letter);
  const std::string_view rest = suffix.substr(1);
  if (power == std::string_view::npos ||
      !(rest.empty() || rest == "B" || rest == "b" || rest == "iB" || rest == "ib"))
    return std::nullopt;
  return std::uint64_t{1} << (10 * (power + 1));
}

Failure expected(Knob knob, std::string_view text, std::string_view what) {
  std::string message(name_of(knob));
  message.append(": \"").append(text).append("\" is not ").append(what);
  return invalid_input("limit", message);
}

constexpr std::string_view kBytesForm = "a number of bytes such as 64M, 1.5G, or max";
constexpr std::string_view kCountForm = "a whole number such as 100, 2k, or max";
constexpr std::string_view kTimeForm = "a time such as 100000 (microseconds), 100ms, 0.1s";
constexpr std::string_view kCpuForm = "CPUs such as 0.25, 25%, time such as 25ms, or max";

Result<Value> percent_of(Knob knob, std::string_view text, const Decimal& percent,
                         std::optional<std::uint64_t> whole, std::string_view of_what) {
  if (!whole)
    return invalid_input("limit", std::string(name_of(knob)) + ": percent, but " +
                                      std::string(of_what) + " is not known here");
  const auto part = scaled(percent, *whole, 100);
  if (!part || percent.digits > 100 * percent.scale)
    return expected(knob, text, "a percentage up to 100%");
  return Value(*part);
}

Result<Value> parse_bytes(Knob knob, std::string_view text, const Host& host) {
  if (text == "max") return Value(Unlimited{});
  const auto amount = split(text);
  if (!amount) return expected(knob, text, kBytesForm);
  if (amount->suffix == "%" && info_of(knob).unit == Unit::kBytes)
    return percent_of(knob, text, amount->number, host.memory_bytes, "the host's memory");
  const auto times = byte_factor(amount->suffix);
  if (!times || (*times == 1 && amount->number.scale != 1)) return expected(knob, text, kBytesForm);
  const auto bytes = scaled(amount->number, *times);
  if (!bytes) return expected(knob, text, "a number of bytes below 16E");
  return Value(*bytes);
}

Result<Value> parse_count(Knob knob, std::string_view text, const Host& host) {
  if (text == "max") return Value(Unlimited{});
  static constexpr std::array<Suffix, 7> kThousands = {{{"", 1},
                                                        {"k", 1000},
                                                        {"K", 1000},
                                                        {"m", 1'000'000},
                                                        {"M", 1'000'000},
                                                        {"g", kBillion},
                                                        {"G", kBillion}}};
  const auto amount = split(text);
  if (!amount) return expected(knob, text, kCountForm);
  if (amount->suffix == "%" && knob == Knob::kPidsMax)
    return percent_of(knob, text, amount->number, host.pids, "kernel.pid_max");
  const auto times = factor(kThousands, amount->suffix);
  const auto count = times ? scaled(amount->number, *times) : std::nullopt;
  if (!count || (*times == 1 && amount->number.scale != 1)) return expected(knob, text, kCountForm);
  return Value(*count);
}

Result<Value> parse_number(Knob knob, std::string_view text) {
  const auto number = to_number<std::uint64_t>(text);
  if (!number) return expected(knob, text, "a whole number");
  return Value(*number);
}

constexpr std::array<Suffix, 4> kTimes = {
    {{"us", 1}, {"\xc2\xb5s", 1}, {"ms", 1000}, {"s", 1'000'000}}};

Result<Value> parse_time(Knob knob, std::string_view text) {
  const auto amount = split(text);
  if (!amount) return expected(knob, text, kTimeForm);
  const auto times =
      amount->suffix.empty() ? std::optional<std::uint64_t>(1) : factor(kTimes, amount->suffix);
  const auto usec = times ? scaled(amount->number, *times) : std::nullopt;
  if (!usec || *usec > static_cast<std::uint64_t>(std::chrono::microseconds::max().count()) ||
      (*times == 1 && amount->number.scale != 1))
    return expected(knob, text, kTimeForm);
  return Value(*usec);
}

// A bare number is CPUs, never microseconds: "--cpus 2" must not mean two microseconds.
Result<Value> parse_cpu_time(Knob knob, std::string_view text, const Host& host) {
  constexpr std::uint64_t kManyCpus = 8192;
  if (text == "max") return Value(Unlimited{});
  const auto amount = split(text);
  if (!amount) return expected(knob, text, kCpuForm);
  if (const auto times = factor(kTimes, amount->suffix)) {
    const auto usec = scaled(amount->number, *times);
    if (!usec || (*times == 1 && amount->number.scale != 1)) return expected(knob, text, kCpuForm);
    return Value(CpuTime{CpuTime::Unit::kMicroseconds, *usec});
  }
  const bool percent = amount->suffix == "%";
  if (!percent && !amount->suffix.empty() && amount->suffix != "cpu" && amount->suffix != "cpus")
    return expected(knob, text, kCpuForm);
  const auto nano = scaled(amount->number, kBillion, percent ? 100 : 1);
  if (!nano || *nano / kBillion > std::max(kManyCpus, host.cpus.value_or(0)))
    return expected(knob, text,
                    "a number of CPUs; for microseconds write " + std::string(text) + "us");
  return Value(CpuTime{CpuTime::Unit::kNanoCpus, *nano});
}

Result<Value> parse_switch(Knob knob, std::string_view text) {
  static constexpr std::array<Suffix, 8> kWords = {{{"on", 1},
                                                    {"1", 1},
                                                    {"true", 1},
                                                    {"yes", 1},
                                                    {"off", 0},
                                                    {"0", 0},
                                                    {"false", 0},
                                                    {"no", 0}}};
  const auto on = factor(kWords, text);
  if (!on) return expected(knob, text, "on or off");
  return Value(*on);
}

Result<Value> parse_ids(Knob knob, std::string_view text) {
  auto ids = IdSet::parse(text);
  if (!ids || ids->empty()) return expected(knob, text, "a list such as 0-3,7");
  return Value(*std::move(ids));
}

// In words, separated by one blank, so that the same request is the same text.
Value parse_keys(std::string_view text) {
  std::string out;
  for (std::string_view word; next_word(text, word);) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

Result<Value> parse_value(Knob knob, std::string_view text, const Host& host) {
  switch (info_of(knob).unit) {
    case Unit::kBytes:
    case Unit::kBytesPerSecond:
      return parse_bytes(knob, text, host);
    case Unit::kCount:
      return parse_count(knob, text, host);
    case Unit::kMicroseconds:
      return parse_time(knob, text);
    case Unit::kCpuTime:
      return parse_cpu_time(knob, text, host);
    case Unit::kSwitch:
      return parse_switch(knob, text);
    case Unit::kIds:
      return parse_ids(knob, text);
    case Unit::kKeys:
      return parse_keys(text);
    case Unit::kNumber:
    case Unit::kPercentOfHundred:
      break;
  }
  return parse_number(knob, text);
}

// In its canonical spelling: "0254:00" is another way to write 254:0.
std::string canonical(Detail detail, std::string_view text) {
  const auto device =
      detail == Detail::kPageSize ? std::nullopt : cgroupfs::parse_device_number(text);
  if (!device) return std::string(text);
  return std::to_string(device->major) + ":" + std::to_string(device->minor);
}

Result<Setting> checked(Setting setting) {
  PLIMSOLL_TRY(with(Limits{}, setting));
  return setting;
}

}  // namespace

Result<Setting> parse_setting(Knob knob, std::string_view text, const Host& host) {
  const KnobInfo& info = info_of(knob);
  Setting setting{knob, "", std::nullopt};
  text = trim(text);
  if (info.detail != Detail::kNone) {
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      setting.detail = canonical(info.detail, trim(text.substr(0, equals)));
      text = trim(text.substr(equals + 1));
    }
  }
  setting.value = PLIMSOLL_TRY(parse_value(knob, text, host));
  return checked(std::move(setting));
}

Result<Setting> parse_unset(Knob knob, std::string_view detail) {
  return checked({knob, canonical(info_of(knob).detail, trim(detail)), std::nullopt});
}

namespace {

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::string_view kLetters = "KMGTPE";
  std::size_t power = 0;
  while (power < kLetters.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++power;
  }
  std::string out = std::to_string(bytes);
  if (power > 0) out += kLetters[power - 1];
  return out;
}

std::string cpu_text(const CpuTime& time) {
  if (time.unit == CpuTime::Unit::kMicroseconds) return std::to_string(time.amount) + "us";
  std::string out = std::to_string(time.amount / kBillion);
  if (const std::uint64_t rest = time.amount % kBillion; rest != 0) {
    std::string fraction = std::to_string(kBillion + rest).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  return out + " cpus";
}

std::string number_text(Unit unit, std::uint64_t number) {
  switch (unit) {
    case Unit::kBytes:
    case Unit::kBytesPerSecond:
      return bytes_text(number);
    case Unit::kMicroseconds:
      return std::to_string(number) + "us";
    case Unit::kSwitch:
      return number == 0 ? "off" : "on";
    default:
      return std::to_string(number);
  }
}

std::string value_text(Unit unit, const Value& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return number_text(unit, *number);
  if (const auto* time = std::get_if<CpuTime>(&value)) return cpu_text(*time);
  if (const auto* ids = std::get_if<IdSet>(&value)) return ids->text();
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return "max";
}

}  // namespace

std::string to_text(const Setting& setting) {
  const std::string value =
      setting.value ? value_text(info_of(setting.knob).unit, *setting.value) : "unset";
  return setting.detail.empty() ? value : setting.detail + "=" + value;
}

}  // namespace plimsoll::limit
