#include "runtime/oci/log.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fill_in.h"
#include "base/text.h"
#include "runtime/launch/act.h"
#include "runtime/lifecycle/inner.h"

namespace plimsoll::oci {

Result<Log> Log::open(const std::string& path, LogFormat format) {
  Log log;
  log.format_ = format;
  if (path.empty()) return log;
  log.file_ = Fd(::open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0644));
  if (!log.file_) return os_failure("open", path);
  return log;
}

void Log::write(std::string_view level, std::string_view text) const {
  const std::string time = rfc3339(RealClock().wall());
  const std::string line =
      format_ == LogFormat::kJson
          ? fill_in("{\"level\":\"{}\",\"msg\":{},\"time\":\"{}\"}\n", level, runtime::quoted(text),
                    time)
          : fill_in("time=\"{}\" level={} msg={}\n", time, level, runtime::quoted(text));
  // One write: engines read while we write. A log that cannot be written stops nobody.
  [[maybe_unused]] const ssize_t n = ::write(file_ ? file_.get() : 2, line.data(), line.size());
}

void Log::fatal(std::string_view text) const {
  error(text);
  if (!file_) return;
  const std::string line = std::string(text) + "\n";
  [[maybe_unused]] const ssize_t n = ::write(2, line.data(), line.size());
}

std::string words_of(const Error& error) {
  if (error.os_error == 0) return error.subject;
  return fill_in("{}: {}: {}", error.subject, error.op, runtime::go_text(error.os_error));
}

}  // namespace plimsoll::oci
