#include "control/service/fault.h"

namespace plimsoll::control {
namespace {

Problem problem_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kGone:
      return Problem::kNotFound;
    case ErrorKind::kInvalidInput:
      return Problem::kInvalidInput;
    case ErrorKind::kBusy:
      return Problem::kBusy;
    case ErrorKind::kRejected:
    case ErrorKind::kNotOffered:
      return Problem::kRefused;
    case ErrorKind::kDenied:
    case ErrorKind::kMalformed:
    case ErrorKind::kIo:
      break;
  }
  return Problem::kFailed;
}

// Our own refusals are sentences already; what the kernel said needs its errno.
std::string text_of(const Error& error) {
  return error.os_error == 0 && error.kind != ErrorKind::kMalformed ? error.subject
                                                                    : error.message();
}

}  // namespace

std::string_view name_of(Problem problem) {
  switch (problem) {
    case Problem::kInvalidInput:
      return "invalid_input";
    case Problem::kNotFound:
      return "not_found";
    case Problem::kAmbiguous:
      return "ambiguous";
    case Problem::kRefused:
      return "refused";
    case Problem::kBusy:
      return "busy";
    case Problem::kForbidden:
      return "forbidden";
    case Problem::kUnavailable:
      return "unavailable";
    case Problem::kFailed:
      break;
  }
  return "failed";
}

Fault::Fault(const Error& error) : problem(problem_of(error.kind)), message(text_of(error)) {}

}  // namespace plimsoll::control
