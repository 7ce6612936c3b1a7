#include "base/error.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace plimsoll {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kGone:
      return "gone";
    case ErrorKind::kNotOffered:
      return "not_offered";
    case ErrorKind::kDenied:
      return "denied";
    case ErrorKind::kBusy:
      return "busy";
    case ErrorKind::kRejected:
      return "rejected";
    case ErrorKind::kInvalidInput:
      return "invalid_input";
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kIo:
      return "io";
  }
  return "io";
}

ErrorKind kind_of(int os_error) {
  switch (os_error) {
    case ENODEV:  // kernfs: the file's cgroup was removed while we held it.
    case ESRCH:
      return ErrorKind::kGone;
    case ENOENT:
    case ENOTDIR:
    case EOPNOTSUPP:
    case ENOSYS:
    case ENXIO:
      return ErrorKind::kNotOffered;
    case EPERM:
    case EACCES:
    case EROFS:
      return ErrorKind::kDenied;
    case EBUSY:
    case EAGAIN:
      return ErrorKind::kBusy;
    case EINVAL:
    case ERANGE:
    case ENOSPC:
      return ErrorKind::kRejected;
    default:
      return ErrorKind::kIo;
  }
}

std::string Error::message() const {
  std::string text = subject;
  text += ": ";
  text += op;
  if (os_error != 0) {
    text += ": ";
    text += ::strerrordesc_np(os_error) != nullptr ? ::strerrordesc_np(os_error) : "unknown error";
    text += " (";
    text += ::strerrorname_np(os_error) != nullptr ? ::strerrorname_np(os_error)
                                                   : std::to_string(os_error).c_str();
    text += ")";
  } else {
    text += ": ";
    text += name_of(kind);
  }
  return text;
}

namespace detail {
void check_failed(const char* what, Where where) {
  std::fprintf(stderr, "plimsoll: broken invariant: %s at %s:%d\n", what, where.file, where.line);
  std::abort();
}
}  // namespace detail

}  // namespace plimsoll
