#include "runtime/engine/names.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/fill_in.h"

namespace plimsoll::engine {
namespace {

constexpr std::array<std::string_view, 48> kHow{
    "able",  "amber",  "brave",   "bright", "brisk",   "calm",   "clear", "clever",
    "cosy",  "crisp",  "curious", "deep",   "eager",   "early",  "fair",  "firm",
    "fresh", "gentle", "glad",    "golden", "grand",   "happy",  "hardy", "honest",
    "jolly", "keen",   "kind",    "light",  "lively",  "loyal",  "lucky", "mellow",
    "merry", "modest", "neat",    "noble",  "patient", "polite", "proud", "quick",
    "quiet", "ready",  "serene",  "silver", "steady",  "sunny",  "swift", "warm"};
constexpr std::array<std::string_view, 48> kWhat{
    "anchor",   "barge",   "beacon",  "binnacle", "bowline", "bridge",  "buoy",    "cabin",
    "canal",    "capstan", "cargo",   "clipper",  "compass", "coracle", "cutter",  "deck",
    "dinghy",   "dock",    "ferry",   "galley",   "gannet",  "halyard", "harbour", "haven",
    "hull",     "jetty",   "keel",    "ketch",    "lagoon",  "lantern", "lighter", "mast",
    "mooring",  "oar",     "pennant", "pilot",    "pinnace", "quay",    "rudder",  "sail",
    "schooner", "sextant", "sloop",   "spar",     "tender",  "tide",    "tiller",  "wharf"};

template <class T>
T random_value() {
  T value{};
  // 256 bytes or fewer come whole, and without waiting once the machine is up.
  while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
  }
  return value;
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string make_id() {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (;;) {
    const auto bytes = random_value<std::array<unsigned char, 32>>();
    std::string id;
    id.reserve(64);
    for (const unsigned char byte : bytes) {
      id += kHex[byte >> 4U];
      id += kHex[byte & 15U];
    }
    // It becomes a host name, and programs take one that is all digits for a number.
    if (id.substr(0, 12).find_first_not_of("0123456789") != std::string::npos) return id;
  }
}

std::string make_up_name() {
  const auto number = random_value<std::uint32_t>();
  std::string name(kHow[number % kHow.size()]);
  name += '_';
  return name += kWhat[(number / kHow.size()) % kWhat.size()];
}

bool is_id(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_name(std::string_view text) {
  return text.size() >= 2 && is_name_letter(text.front()) && std::ranges::all_of(text, [](char c) {
           return is_name_letter(c) || c == '_' || c == '.' || c == '-';
         });
}

model::Answer<std::string> check_name(std::string_view name) {
  std::string_view bare = name;
  if (bare.starts_with('/')) bare.remove_prefix(1);
  if (!is_name(bare))
    return model::refuse(
        model::Refused::kInvalid,
        fill_in("Invalid container name ({}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name));
  return std::string(bare);
}

}  // namespace plimsoll::engine
