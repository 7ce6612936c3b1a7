// What failed, on what, with which errno, and where: one value type for every room.
//
// Functions that can fail return Result<T> and never throw. `kind` is what a caller may switch on;
// the rest is for the person who reads the message. Thread: values, no shared state.
#pragma once

#include <cerrno>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace plimsoll {

enum class ErrorKind : std::uint8_t {
  kGone,        // The process or cgroup vanished: drop it, it is no fault.
  kNotOffered,  // This kernel or configuration has no such file or controller: the value is absent.
  kDenied,      // EPERM, EACCES, EROFS: say which capability is missing.
  kBusy,        // EBUSY, EAGAIN: retry until the caller's deadline.
  kRejected,    // The kernel refused our value: never retry.
  kInvalidInput,  // Our own validation of a request, flag or file refused it.
  kMalformed,     // Kernel text we do not understand; `subject` is the line.
  kIo             // The rest.
};

// The stable lower-case word for a kind ("gone", "not_offered", ...): label values and log fields.
std::string_view name_of(ErrorKind kind);

struct Where {
  const char* file;
  int line;
  static constexpr Where here(const char* f = __builtin_FILE(), int l = __builtin_LINE()) {
    return {f, l};
  }
};

struct Error {
  ErrorKind kind;
  int os_error;         // 0 when the kernel did not complain.
  const char* op;       // "openat", "parse": a literal, never built.
  std::string subject;  // "memory.max", or the line that did not parse.
  Where where;          // Where it was made, not where it was logged.

  // "cgroup /a: memory.max: openat: Permission denied (EACCES)", for people.
  [[nodiscard]] std::string message() const;
};

template <class T = void>
using Result = std::expected<T, Error>;
using Failure = std::unexpected<Error>;

// The one table from errno to ErrorKind. ENOENT is provisionally kNotOffered: openat on a removed
// cgroup's held directory says ENOENT too, so a reader must ask whether the group is still there.
ErrorKind kind_of(int os_error);

// Call it first thing after the failed call; `subject` must exist already, since building a string
// here could change errno.
inline Failure os_failure(const char* op, std::string_view subject, int os_error = errno,
                          Where where = Where::here()) {
  return Failure(Error{kind_of(os_error), os_error, op, std::string(subject), where});
}

inline Failure malformed(std::string_view line, Where where = Where::here()) {
  return Failure(Error{ErrorKind::kMalformed, 0, "parse", std::string(line), where});
}

// `subject` says what was wrong, where, and what to do.
inline Failure invalid_input(const char* op, std::string_view subject,
                             Where where = Where::here()) {
  return Failure(Error{ErrorKind::kInvalidInput, 0, op, std::string(subject), where});
}

inline Failure failure(ErrorKind kind, const char* op, std::string_view subject,
                       Where where = Where::here()) {
  return Failure(Error{kind, 0, op, std::string(subject), where});
}

// Says where a failure happened, once, by the layer that knows: in("cgroup /a", read(...)).
template <class T>
[[nodiscard]] Result<T> in(std::string_view context, Result<T> result) {
  if (!result) result.error().subject.insert(0, std::string(context) + ": ");
  return result;
}

namespace detail {
template <class T, class E>
T take(std::expected<T, E>&& r) {
  if constexpr (!std::is_void_v<T>) return *std::move(r);
}
}  // namespace detail

// Unwraps a Result or returns its error. Only as a whole statement or initialiser.
#define PLIMSOLL_TRY_IMPL(r, ...)                   \
  __extension__({                                   \
    auto&& r = (__VA_ARGS__);                       \
    if (!r) [[unlikely]]                            \
      return std::unexpected(std::move(r).error()); \
    ::plimsoll::detail::take(std::move(r));         \
  })
#define PLIMSOLL_TRY_CAT(a, b) a##b
#define PLIMSOLL_TRY_NAMED(n, ...) \
  PLIMSOLL_TRY_IMPL(PLIMSOLL_TRY_CAT(plimsoll_try_, n), __VA_ARGS__)
#define PLIMSOLL_TRY(...) PLIMSOLL_TRY_NAMED(__COUNTER__, __VA_ARGS__)

namespace detail {
[[noreturn]] void check_failed(const char* what, Where where);
}

// Aborts on a broken invariant, that is a bug of ours; never used on input.
#define PLIMSOLL_CHECK(condition) \
  ((condition) ? void() : ::plimsoll::detail::check_failed(#condition, ::plimsoll::Where::here()))

}  // namespace plimsoll
