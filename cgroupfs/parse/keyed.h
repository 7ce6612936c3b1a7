// Flat keyed files: one "key value" per line (cpu.stat, memory.stat, memory.events, cgroup.stat).
//
// A parser is a table of keys in the order in which the kernel prints them. The walk expects the
// key after the last one found, so that a file in the usual order costs one comparison per line;
// any other order, missing keys and unknown keys (newer kernels) are found by going round the
// table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

template <class T>
struct Key {
  std::string_view name;
  // Null: a key that we know and do not keep. In the table all the same, because an unknown key
  // costs a walk round the whole of it.
  std::optional<std::uint64_t> T::* member = nullptr;
};

namespace detail {

// memcmp() for keys, in line: a call each would cost more than the comparison.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
  const auto word = [](const char* at) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
  };
  if (size < sizeof(std::uint64_t)) {
    for (std::size_t i = 0; i < size; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }
  for (std::size_t i = 0; i + sizeof(std::uint64_t) < size; i += sizeof(std::uint64_t))
    if (word(a + i) != word(b + i)) return false;
  const std::size_t last = size - sizeof(std::uint64_t);
  return word(a + last) == word(b + last);
}

// The index of the key that starts `text`, looking at `expected` first; N when it is none of them.
template <class T, std::size_t N>
std::size_t find_key(std::string_view text, const std::array<Key<T>, N>& keys,
                     std::size_t expected) {
  for (std::size_t tried = 0; tried < N; ++tried) {
    const std::string_view name = keys[expected].name;
    // NOLINTBEGIN(bugprone-suspicious-stringview-data-usage): same_bytes takes the length.
    if (text.size() > name.size() && text[name.size()] == ' ' &&
        same_bytes(text.data(), name.data(), name.size()))
      return expected;
    // NOLINTEND(bugprone-suspicious-stringview-data-usage)
    expected = expected + 1 == N ? 0 : expected + 1;
  }
  return N;
}

// Bytes of a line whose key is in no table, with its '\n'. Its value may be of any kind, but it
// must have one.
inline Result<std::size_t> unknown_line_size(std::string_view text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  const std::size_t blank = line.find(' ');
  if (end == std::string_view::npos || blank == std::string_view::npos || blank == 0 ||
      blank + 1 == line.size())
    return malformed(line);
  return end + 1;
}

}  // namespace detail

template <class T, std::size_t N>
[[nodiscard]] Result<T> parse_keyed(std::string_view text, const std::array<Key<T>, N>& keys) {
  T values;
  std::size_t expected = 0;
  while (!text.empty()) {
    const std::size_t found = detail::find_key(text, keys, expected);
    if (found == N) {
      text.remove_prefix(PLIMSOLL_TRY(detail::unknown_line_size(text)));
      continue;
    }
    const std::size_t value_at = keys[found].name.size() + 1;
    const Digits digits = take_digits(text.substr(value_at));
    const std::size_t end = value_at + digits.size;
    if (digits.size == 0 || end == text.size() || text[end] != '\n')
      return malformed(first_line(text));
    if (keys[found].member != nullptr) values.*keys[found].member = digits.value;
    text.remove_prefix(end + 1);
    expected = found + 1 == N ? 0 : found + 1;
  }
  return values;
}

}  // namespace plimsoll::cgroupfs
