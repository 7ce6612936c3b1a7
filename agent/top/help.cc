#include "agent/top/help.h"

#include <array>

namespace plimsoll::agent::top {

namespace {

constexpr auto kHelp = std::to_array<std::string_view>({
    "Keys in the list",
    "  Up Down j k PgUp PgDn Home End   move;  Enter  charts and limits of that one",
    "  /       search: words, or name= image= project= pod= runtime=;  Esc ends it",
    "  s  < >  sort by the next column, the one before, after;  r  the other way",
    "  S P M   sort by state, by CPU, by memory",
    "  t       tree by owner (project, pod, slice), by cgroup, flat",
    "  Left    fold a group;  Right  open it again",
    "  a       also services, slices and bare cgroups",
    "  l       logs, of the engine's containers",
    "  e       limits, through the engine: its plan, y or n, what was read back",
    "  Space   hold the picture; samples are taken all the same",
    "  q       quit; from charts, logs and limits one step back, as Esc",
    "Marks",
    "  !! alarm    OOM killed within 10 min, or 95% of the memory or pids limit",
    "  !  warning  90% of a limit; throttled in 25% of the CPU periods; stalled for",
    "              10% of the time waiting for memory, or 25% waiting for disks",
    "  .  note     OOM killed earlier",
    "Columns",
    "  CPU%   100 is one processor      MEM%  of its limit, or of the machine",
    "  NET/s  received and sent         IO/s  read and written, bytes",
    "  PSI    the worst stall in percent of the time: c CPU, m memory, i IO",
    "  THR%   CPU periods in which it was throttled",
});

}  // namespace

std::span<const std::string_view> help_lines() {
  return kHelp;
}

}  // namespace plimsoll::agent::top
