#include "runtime/docker/times.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/go_duration.h"
#include "base/number.h"

namespace plimsoll::docker {

namespace {

// "123456789" after a point, or fewer digits.
std::optional<std::chrono::nanoseconds> parse_fraction(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  auto nanos = to_number<std::uint32_t>(digits);
  if (!nanos) return std::nullopt;
  std::uint64_t value = *nanos;
  for (std::size_t i = digits.size(); i < 9; ++i) value *= 10;
  return std::chrono::nanoseconds(value);
}

std::optional<WallTime> parse_unix(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto seconds = to_number<std::int64_t>(text.substr(0, point));
  constexpr std::int64_t kMost = 9'000'000'000;  // Nanoseconds of more do not fit.
  if (!seconds || *seconds > kMost || *seconds < -kMost) return std::nullopt;
  std::chrono::nanoseconds since_epoch = std::chrono::seconds(*seconds);
  if (point != std::string_view::npos) {
    const auto fraction = parse_fraction(text.substr(point + 1));
    if (!fraction) return std::nullopt;
    since_epoch += *fraction;
  }
  return WallTime(since_epoch);
}

// "2026-11-21T23:40:00[.123](Z|+01:00)"
std::optional<WallTime> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  std::array<int, 6> parts{};
  constexpr std::array<std::size_t, 6> kStarts = {0, 5, 8, 11, 14, 17};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = to_number<unsigned>(text.substr(kStarts[i], i == 0 ? 4 : 2));
    if (!number) return std::nullopt;
    parts[i] = static_cast<int>(*number);
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok() || parts[0] < 1678 || parts[0] > 2261) return std::nullopt;
  std::chrono::nanoseconds time = std::chrono::sys_days(day).time_since_epoch();
  time += std::chrono::hours(parts[3]) + std::chrono::minutes(parts[4]) +
          std::chrono::seconds(parts[5]);
  text.remove_prefix(19);
  if (text.starts_with('.')) {
    const std::size_t end = text.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto fraction = parse_fraction(text.substr(1, end - 1));
    if (!fraction) return std::nullopt;
    time += *fraction;
    text.remove_prefix(end);
  }
  if (text == "Z") return WallTime(time);
  if (text.size() != 6 || text[3] != ':' || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = to_number<unsigned>(text.substr(1, 2));
  const auto minutes = to_number<unsigned>(text.substr(4, 2));
  if (!hours || !minutes) return std::nullopt;
  const auto ahead = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return WallTime(text[0] == '+' ? time - ahead : time + ahead);
}

}  // namespace

model::Answer<std::optional<WallTime>> parse_time(std::string_view text, WallTime now) {
  if (text.empty() || text == "0") return std::nullopt;
  if (const auto unix = parse_unix(text)) return unix;
  if (const auto written = parse_rfc3339(text)) return written;
  if (const auto age = parse_go_duration(text)) return now - *age;
  return model::refuse(model::Refused::kInvalid,
                       "\"" + std::string(text) +
                           "\" is no time: give seconds since 1970, RFC 3339, or an age as 24h");
}

std::string rfc3339(WallTime time) {
  const auto nanos = time.time_since_epoch().count();
  const std::int64_t fraction = ((nanos % 1'000'000'000) + 1'000'000'000) % 1'000'000'000;
  const auto seconds = static_cast<std::time_t>((nanos - fraction) / 1'000'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 80> text{};
  const int n = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%09lldZ",
                              utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                              utc.tm_min, utc.tm_sec, static_cast<long long>(fraction));
  return {text.data(), static_cast<std::size_t>(n)};
}

}  // namespace plimsoll::docker
