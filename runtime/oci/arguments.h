// The command line as runc takes it: "-x value", "--name value", "--name=value", one dash or two.
//
// Thread: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace plimsoll::oci {

struct Option {
  std::string_view name;
  std::string_view short_name;  // May be empty.
  bool takes_value = false;
  std::string_view help;
};

// Whether options may stand behind the first argument: not where that begins another's command
// line.
enum class Order : std::uint8_t { kAnywhere, kFirst };

class Arguments {
 public:
  [[nodiscard]] static Result<Arguments> parse(std::span<char* const> words,
                                               std::span<const Option> options, Order order);

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  // The last one given, "" if none was.
  [[nodiscard]] std::string value(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
  // A whole number; kInvalidInput names the option.
  [[nodiscard]] Result<std::optional<std::int64_t>> number(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }
  // How many words were taken, with Order::kFirst.
  [[nodiscard]] std::size_t taken() const { return taken_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> rest_;
  std::size_t taken_ = 0;
};

}  // namespace plimsoll::oci
