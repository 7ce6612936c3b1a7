#include "runtime/engine/log_limits.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fill_in.h"
#include "base/number.h"

namespace plimsoll::engine {
namespace {

using model::Answer;
using model::refuse;
using model::Refused;

// More would be as good as none.
constexpr std::int64_t kMostFiles = 1000;

// "10", "1.5m", "10 kB", "2GiB".
std::optional<std::uint64_t> size_of(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = to_double(text.substr(0, digits));
  text.remove_prefix(digits);
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto take = [&text](std::string_view letters) {
    if (text.empty()) return std::string_view::npos;
    const std::size_t found = letters.find(static_cast<char>(text.front() | 0x20));
    if (found != std::string_view::npos) text.remove_prefix(1);
    return found;
  };
  const std::size_t power = take("kmgtp");
  (void)take("i");
  (void)take("b");
  if (!number || !text.empty()) return std::nullopt;
  const double unit =
      power == std::string_view::npos ? 1 : std::pow(1000.0, static_cast<double>(power + 1));
  return static_cast<std::uint64_t>(std::min(*number * unit, 1e18));
}

Answer<shim::LogLimits> refused(std::string_view why) {
  return refuse(Refused::kFailed, fill_in("failed to initialize logging driver: {}", why));
}

}  // namespace

Answer<shim::LogLimits> log_limits_of(const model::LogConfig& config) {
  shim::LogLimits limits;
  const auto option = [&](const char* name) -> const std::string* {
    const auto found = config.options.find(name);
    return found == config.options.end() ? nullptr : &found->second;
  };
  if (const std::string* size = option("max-size")) {
    const auto bytes = size_of(*size);
    if (!bytes) return refused(fill_in("invalid size: '{}'", *size));
    if (*bytes == 0) return refused("max-size must be a positive number");
    limits.max_bytes = *bytes;
  }
  if (const std::string* files = option("max-file")) {
    const auto count = to_number<std::int64_t>(*files);
    if (!count) return refused(fill_in("strconv.Atoi: parsing \"{}\": invalid syntax", *files));
    if (*count < 1) return refused("max-file cannot be less than 1");
    limits.max_files = static_cast<unsigned>(std::min(*count, kMostFiles));
  }
  return limits;
}

}  // namespace plimsoll::engine
