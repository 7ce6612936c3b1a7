// For tests: frames as a host would send them, a second apart.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/stats/sample_rows.h"
#include "agent/top/model.h"

namespace plimsoll::agent::top {

inline WallTime at_second(int second) {
  // 2026-11-22T03:04:05Z and so many seconds.
  return WallTime(std::chrono::seconds(1'795'316'645 + second));
}

inline StatsFrame frame_at(int second, std::vector<StatsRow> rows) {
  return {.time = at_second(second), .rows = std::move(rows)};
}

// Nothing to say about it.
inline StatsRow calm_row(std::string name, char digit) {
  StatsRow row = docker_row(std::move(name), digit);
  row.cpu_cores = 0.25;
  row.memory = std::uint64_t{64} << 20;
  row.memory_limit = Limit<std::uint64_t>(std::uint64_t{512} << 20);
  row.pids = 7;
  row.pids_limit = Limit<std::uint64_t>::none();
  row.throttled = 0;
  row.psi_cpu = row.psi_memory = row.psi_io = 0;
  row.oom_kills = 0;
  row.net_rx = row.net_tx = row.block_read = row.block_write = 0;
  return row;
}

inline StatsRow full_row(std::string name, char digit) {
  StatsRow row = calm_row(std::move(name), digit);
  row.memory = std::uint64_t{496} << 20;
  return row;
}

inline Key letter(char32_t c) {
  return {.kind = KeyKind::kCharacter, .character = c};
}
inline Key key(KeyKind kind) {
  return {.kind = kind};
}
inline void type(Model& model, std::string_view text) {
  for (const char c : text) static_cast<void>(model.press(letter(static_cast<char32_t>(c))));
}

}  // namespace plimsoll::agent::top
