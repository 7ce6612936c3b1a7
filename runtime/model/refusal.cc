#include "runtime/model/refusal.h"

namespace plimsoll::model {

Refusal::Refusal(const Error& error)
    : why(error.kind == ErrorKind::kInvalidInput ? Refused::kInvalid : Refused::kFailed),
      message(error.message()) {}

}  // namespace plimsoll::model
