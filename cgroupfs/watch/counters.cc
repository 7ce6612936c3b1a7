#include "cgroupfs/watch/counters.h"

#include <string>
#include <string_view>

#include "cgroupfs/parse/memory_events.h"
#include "cgroupfs/parse/pids.h"

namespace plimsoll::cgroupfs {

namespace {

Result<std::string_view> text_of(const Layout& layout, const Cgroup& cgroup, Controller controller,
                                 const char* v1, const char* v2, ReadBuffer& buffer) {
  const auto hierarchy = layout.of(controller);
  if (!hierarchy || !cgroup.in(*hierarchy))
    return failure(ErrorKind::kNotOffered, "open", name_of(controller));
  const DirFd dir = PLIMSOLL_TRY(open_cgroup(layout, cgroup, *hierarchy));
  return buffer.read_at(dir, layout.hierarchies[*hierarchy].version == 1 ? v1 : v2);
}

}  // namespace

Result<OwnMemoryCounters> read_own_memory_counters(const Layout& layout, const Cgroup& cgroup,
                                                   ReadBuffer& buffer) {
  const std::string_view text = PLIMSOLL_TRY(text_of(
      layout, cgroup, Controller::kMemory, "memory.oom_control", "memory.events.local", buffer));
  const auto hierarchy = layout.of(Controller::kMemory);
  if (layout.hierarchies[*hierarchy].version == 1) {
    const MemoryOomControl control = PLIMSOLL_TRY(parse_memory_oom_control(text));
    return OwnMemoryCounters{.oom_kill = control.oom_kill};
  }
  const MemoryEvents events = PLIMSOLL_TRY(parse_memory_events(text));
  return OwnMemoryCounters{
      .high = events.high, .max = events.max, .oom = events.oom, .oom_kill = events.oom_kill};
}

Result<std::uint64_t> read_refused_forks(const Layout& layout, const Cgroup& cgroup,
                                         ReadBuffer& buffer) {
  const std::string_view text = PLIMSOLL_TRY(
      text_of(layout, cgroup, Controller::kPids, "pids.events", "pids.events", buffer));
  const PidsEvents events = PLIMSOLL_TRY(parse_pids_events(text));
  if (!events.max) return failure(ErrorKind::kNotOffered, "parse", "pids.events: max");
  return *events.max;
}

Result<Pressure> read_pressure(const Layout& layout, const Cgroup& cgroup, StallResource resource,
                               ReadBuffer& buffer) {
  const auto unified = layout.unified();
  if (!unified || !cgroup.in(*unified))
    return failure(ErrorKind::kNotOffered, "open", "pressure files of a cgroup2 mount");
  const DirFd dir = PLIMSOLL_TRY(open_cgroup(layout, cgroup, *unified));
  const std::string name = std::string(name_of(resource)) + ".pressure";
  return parse_pressure(PLIMSOLL_TRY(buffer.read_at(dir, name.c_str())));
}

}  // namespace plimsoll::cgroupfs
