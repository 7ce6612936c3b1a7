#include "cgroupfs/parse/single.h"

#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

Result<std::uint64_t> parse_number(std::string_view text) {
  const Digits digits = take_digits(text);
  if (digits.size == 0 || text.substr(digits.size) != "\n") return malformed(first_line(text));
  return digits.value;
}

Result<Limit<std::uint64_t>> parse_limit(std::string_view text) {
  if (text == "max\n") return Limit<std::uint64_t>::none();
  return Limit(PLIMSOLL_TRY(parse_number(text)));
}

Result<Limit<std::uint64_t>> parse_v1_bytes_limit(std::string_view text) {
  constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;
  const std::uint64_t bytes = PLIMSOLL_TRY(parse_number(text));
  return bytes >= kUnlimited ? Limit<std::uint64_t>::none() : Limit(bytes);
}

Result<Limit<std::uint64_t>> parse_cfs_quota_us(std::string_view text) {
  if (text == "-1\n") return Limit<std::uint64_t>::none();
  return Limit(PLIMSOLL_TRY(parse_number(text)));
}

Result<std::uint64_t> parse_flag(std::string_view text) {
  const std::uint64_t flag = PLIMSOLL_TRY(parse_number(text));
  if (flag > 1) return malformed(first_line(text));
  return flag;
}

}  // namespace plimsoll::cgroupfs
