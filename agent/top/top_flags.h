// The command line of `plimsoll top`, as typed and as meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/stats/remote.h"
#include "agent/terminal.h"
#include "agent/top/feed.h"
#include "agent/top/model.h"
#include "agent/top/screen.h"

namespace plimsoll::agent::top {

// As typed.
struct TopFlags {
  bool all_cgroups = false;
  bool local = false;
  bool tree = false;
  bool mouse = false;
  bool ascii = false;
  std::string sort = "state";
  std::vector<std::string> filters;
  std::string interval = "1s";
  std::string colour = "auto";
  std::string socket = "/run/plimsoll/plimsoll.sock";
  std::optional<std::string> host;
  RemoteFlags remote;
};

struct TopOptions {
  ModelOptions model;
  SourceOptions source;
  ColourChoice colour = ColourChoice::kAuto;
};

// Pure. kInvalidInput names the option.
[[nodiscard]] Result<TopOptions> parse_top_flags(const TopFlags& flags);

}  // namespace plimsoll::agent::top
