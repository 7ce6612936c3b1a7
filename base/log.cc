#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace plimsoll::log {

namespace {

constexpr std::size_t kQueue = 1024;

// The one process-wide object of this program: every room may log, and main() alone starts and
// stops it.
struct Writer {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
};
std::shared_ptr<Writer>
    g_writer;  // Changed by start() and stop() only, while no other thread logs.

void write(spdlog::level::level_enum level, const std::string& message) {
  if (g_writer) {
    g_writer->logger->log(level, "{}", message);
  } else {
    std::fprintf(stderr, "plimsoll: %s\n", message.c_str());
  }
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A line's level as the journal reads it from what a service writes, sd-daemon(3): "<4>".
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*when*/,
              spdlog::memory_buf_t& out) override {
    const std::string_view text = message.level >= spdlog::level::err     ? "<3>"
                                  : message.level == spdlog::level::warn  ? "<4>"
                                  : message.level == spdlog::level::debug ? "<7>"
                                                                          : "<6>";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return spdlog::details::make_unique<Priority>();
  }
};

// systemd names the journal's socket, "DEVICE:INODE", to services whose stderr it is; a service's
// child may have another stderr under the same name.
bool stderr_is_the_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

std::unique_ptr<spdlog::formatter> formatter() {
  auto made = std::make_unique<spdlog::pattern_formatter>();
  if (stderr_is_the_journal())  // It keeps the time and the level itself.
    made->add_flag<Priority>('*').set_pattern("%*%v");
  else
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  return made;
}

}  // namespace

std::optional<Level> level_named(std::string_view name) {
  if (name == "debug") return Level::kDebug;
  if (name == "info") return Level::kInfo;
  if (name == "warn") return Level::kWarn;
  if (name == "error") return Level::kError;
  return std::nullopt;
}

void start(Level level) {
  auto writer = std::make_shared<Writer>();
  writer->pool = std::make_shared<spdlog::details::thread_pool>(kQueue, 1);
  writer->logger = std::make_shared<spdlog::async_logger>(
      "plimsoll", std::make_shared<spdlog::sinks::stderr_sink_mt>(), writer->pool,
      spdlog::async_overflow_policy::overrun_oldest);
  writer->logger->set_formatter(formatter());
  writer->logger->set_level(spdlog_level(level));
  writer->logger->flush_on(spdlog::level::warn);
  g_writer = std::move(writer);
}

void stop() {
  if (!g_writer) return;
  g_writer->logger->flush();
  g_writer.reset();
}

void set_level(Level level) {
  if (g_writer) g_writer->logger->set_level(spdlog_level(level));
}

void debug(const std::string& message) {
  write(spdlog::level::debug, message);
}
void info(const std::string& message) {
  write(spdlog::level::info, message);
}
void warn(const std::string& message) {
  write(spdlog::level::warn, message);
}
void error(const std::string& message) {
  write(spdlog::level::err, message);
}

std::uint64_t dropped() {
  return g_writer ? g_writer->pool->overrun_counter() : 0;
}

}  // namespace plimsoll::log
