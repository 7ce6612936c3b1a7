// Logging to stderr: bounded, never blocks the caller; when the queue is full the oldest messages
// are dropped and counted. Messages are built by the caller; spdlog stays behind this header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plimsoll::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
[[nodiscard]] std::optional<Level> level_named(
    std::string_view name);  // "debug", "info", "warn", "error"

// Starts the writer thread; before it, and after stop(), messages go to stderr directly. Owned by
// main(): call both from there, once. The functions below are safe from any thread.
void start(Level level);
// Writes out what is queued and joins the writer.
void stop();
// Between the two, from any thread.
void set_level(Level level);

void debug(const std::string& message);
void info(const std::string& message);
void warn(const std::string& message);
void error(const std::string& message);

// Messages dropped because the queue was full.
[[nodiscard]] std::uint64_t dropped();

}  // namespace plimsoll::log
