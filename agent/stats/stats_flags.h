// The command line of `plimsoll stats`, as typed and as meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/stats/remote.h"
#include "agent/stats/source.h"
#include "agent/stats/view.h"

namespace plimsoll::agent {

// As typed.
struct StatsFlags {
  std::vector<std::string> references;
  bool all = false;
  bool all_cgroups = false;
  bool no_stream = false;
  bool no_trunc = false;
  bool no_reset = false;
  bool raw = false;
  bool total = false;
  bool local = false;
  std::string format;
  std::string columns;
  std::string sort;
  std::vector<std::string> filters;
  std::optional<std::string> interval;
  std::uint64_t top = 0;
  std::uint64_t count = 0;
  std::optional<std::string> host;
  std::optional<std::string> prometheus;
  std::string match;
  RemoteFlags remote;
};

struct StatsOptions {
  ViewOptions view;
  SourceOptions source;
  std::uint64_t frames = 0;  // 0: for ever.
  bool redraw = true;        // On a terminal, draw over the previous frame.
};

// Pure. kInvalidInput names the option.
[[nodiscard]] Result<StatsOptions> parse_stats_flags(const StatsFlags& flags);

}  // namespace plimsoll::agent
