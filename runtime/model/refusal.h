// Why an operation of the engine was not done, in the classes that Docker's API tells apart.
//
// The message is part of the contract where clients look into it ("No such container: x"): it is
// written where the refusal is made, and goes out as it is.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "base/error.h"

namespace plimsoll::model {

enum class Refused : std::uint16_t {
  kNotModified = 304,  // It is so already.
  kInvalid = 400,
  kUnauthorized = 401,
  kForbidden = 403,
  kNotFound = 404,
  kConflict = 409,
  kFailed = 500,
  kNotOffered = 501,
  kUnavailable = 503
};

struct Refusal {
  Refused why = Refused::kFailed;
  std::string message;

  Refusal(Refused reason, std::string text) : why(reason), message(std::move(text)) {}
  // kInvalidInput: kInvalid; all else: kFailed. Implicit, so that PLIMSOLL_TRY takes a Result.
  Refusal(const Error& error);  // NOLINT(google-explicit-constructor)
};

template <class T = void>
using Answer = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(Refused why, std::string message) {
  return std::unexpected(Refusal(why, std::move(message)));
}

}  // namespace plimsoll::model
