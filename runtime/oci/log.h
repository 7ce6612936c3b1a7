// Messages to the file that an engine named (`--log`), in its format, or to the standard error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::oci {

enum class LogFormat : std::uint8_t { kText, kJson };

class Log {
 public:
  Log() = default;
  // Appends to `path`; "" is the standard error.
  [[nodiscard]] static Result<Log> open(const std::string& path, LogFormat format);

  void error(std::string_view text) const { write("error", text); }
  void warning(std::string_view text) const { write("warning", text); }
  // The end of the program's work: said on the standard error, too, where people look.
  void fatal(std::string_view text) const;

 private:
  void write(std::string_view level, std::string_view text) const;

  Fd file_;
  LogFormat format_ = LogFormat::kText;
};

// A failure in one line: what a caller of the operations meant to be read, or the system call.
[[nodiscard]] std::string words_of(const Error& error);

}  // namespace plimsoll::oci
