// Numbers and times as text, for every writer of this room: no locale, no allocation, no rounding.
//
// put_* write at `to` and return the end; the caller guarantees the room that kMax... says.
// append_* grow a string.
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace plimsoll::exporter {

inline constexpr std::size_t kMaxNumber = 32;   // Any integer, seconds or shortest double.
inline constexpr std::size_t kMaxRfc3339 = 40;  // Nanoseconds, UTC.
inline constexpr std::uint64_t kNano = 1'000'000'000;

inline char* put_text(char* to, std::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

inline char* put_unsigned(char* to, std::uint64_t value) {
  return std::to_chars(to, to + kMaxNumber, value).ptr;
}

inline char* put_signed(char* to, std::int64_t value) {
  return std::to_chars(to, to + kMaxNumber, value).ptr;
}

// Exactly `width` digits, with leading zeros.
inline char* put_padded(char* to, std::uint32_t value, int width) {
  for (int i = width; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + width;
}

// Nanoseconds as seconds, exactly: "12.345678901", trailing zeros trimmed, "12" for whole seconds.
// A double would round twice, here and in the reader, and costs three times as much.
inline char* put_seconds(char* to, std::uint64_t nanoseconds) {
  to = put_unsigned(to, nanoseconds / kNano);
  auto fraction = static_cast<std::uint32_t>(nanoseconds % kNano);
  if (fraction == 0) return to;
  *to++ = '.';
  int width = 9;
  if (fraction % 1000 == 0) {  // Kernel files count microseconds more often than nanoseconds.
    fraction /= 1000;
    width = 6;
  }
  to = put_padded(to, fraction, width);
  while (to[-1] == '0') --to;
  return to;
}

// The shortest text that reads back as the same double; "NaN", "+Inf", "-Inf" as Prometheus spells
// them.
inline char* put_double(char* to, double value) {
  if (std::isnan(value)) return put_text(to, "NaN");
  if (std::isinf(value)) return put_text(to, value > 0 ? "+Inf" : "-Inf");
  return std::to_chars(to, to + kMaxNumber, value).ptr;
}

// A histogram's bound as Go prints it, so that a bucket is the same series in every format and for
// every reader: "0.25", "1e+06", "+Inf"; an exponent from a million on.
inline char* put_bound(char* to, double bound) {
  const double size = std::abs(bound);
  if (!std::isfinite(bound)) return put_double(to, bound);
  const bool plain = (size >= 1e-4 && size < 1e6) || bound == 0;
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  return std::to_chars(to, to + kMaxNumber, bound, format).ptr;
}

// "2026-11-20T23:33:55.123456789Z", as base's rfc3339() but twenty times faster: a stream prints
// three per container and tick.
inline char* put_rfc3339(char* to, WallTime time) {
  const auto ns = time.time_since_epoch();
  const auto days = std::chrono::floor<std::chrono::days>(ns);
  const std::chrono::year_month_day date{std::chrono::sys_days(days)};
  const auto of_day = static_cast<std::uint64_t>((ns - days).count());
  const auto second = static_cast<std::uint32_t>(of_day / kNano);
  // A 64-bit count of nanoseconds ends in 1677 and 2262: four digits always suffice.
  to = put_padded(to, static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
  *to++ = '-';
  to = put_padded(to, static_cast<unsigned>(date.month()), 2);
  *to++ = '-';
  to = put_padded(to, static_cast<unsigned>(date.day()), 2);
  *to++ = 'T';
  to = put_padded(to, second / 3600, 2);
  *to++ = ':';
  to = put_padded(to, second / 60 % 60, 2);
  *to++ = ':';
  to = put_padded(to, second % 60, 2);
  *to++ = '.';
  to = put_padded(to, static_cast<std::uint32_t>(of_day % kNano), 9);
  *to++ = 'Z';
  return to;
}

inline void append_unsigned(std::string& out, std::uint64_t value) {
  char text[kMaxNumber];
  out.append(text, put_unsigned(text, value));
}
inline void append_signed(std::string& out, std::int64_t value) {
  char text[kMaxNumber];
  out.append(text, put_signed(text, value));
}
inline void append_seconds(std::string& out, std::uint64_t nanoseconds) {
  char text[kMaxNumber];
  out.append(text, put_seconds(text, nanoseconds));
}
inline void append_rfc3339(std::string& out, WallTime time) {
  char text[kMaxRfc3339];
  out.append(text, put_rfc3339(text, time));
}

}  // namespace plimsoll::exporter
