// Why a request was not done, in the words of the API.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace plimsoll::control {

enum class Problem : std::uint8_t {
  kInvalidInput,  // The request does not make sense.
  kNotFound,
  kAmbiguous,
  kRefused,    // It makes sense, and would not hold, or would do harm. Nothing was changed.
  kBusy,       // Something else is under way.
  kForbidden,  // Not with this role.
  kUnavailable,
  kFailed  // Tried, and taken back.
};
// "invalid_input", "not_found", ...
[[nodiscard]] std::string_view name_of(Problem problem);

struct Fault {
  Problem problem{};
  std::string message;  // What, where, what to do.

  Fault(Problem which, std::string text) : problem(which), message(std::move(text)) {}
  // So that PLIMSOLL_TRY takes a Result where an Answer is returned.
  Fault(const Error& error);  // NOLINT(*-explicit-*)
  bool operator==(const Fault&) const = default;
};

template <class T = void>
using Answer = std::expected<T, Fault>;
using Refused = std::unexpected<Fault>;

[[nodiscard]] inline Refused refuse(Problem problem, std::string message) {
  return Refused(Fault(problem, std::move(message)));
}

}  // namespace plimsoll::control

namespace plimsoll::detail {
// PLIMSOLL_TRY of an Answer.
template <class T>
T take(control::Answer<T>&& answer) {
  if constexpr (!std::is_void_v<T>) return *std::move(answer);
}
}  // namespace plimsoll::detail
