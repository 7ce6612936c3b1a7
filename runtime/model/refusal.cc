#include "runtime/model/refusal.h"

namespace plimsoll::model {

Refusal::Refusal(const Error& error)
    : why(error.kind == ErrorKind::kInvalidInput ? Refused::kInvalid : Refused::kFailed),
      // What was asked for is wrong: which call of ours found out is nobody's business.
      message(error.kind == ErrorKind::kInvalidInput ? error.subject : error.message()) {}

}  // namespace plimsoll::model
