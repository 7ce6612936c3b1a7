// What all limits together mean for the host.
#include <algorithm>

#include "control/advice/advise.h"
#include "control/breach/units.h"

namespace plimsoll::control {

namespace {

std::string times(double share) {
  const auto percent = static_cast<std::uint64_t>(share * 100);
  return std::to_string(percent) + "%";
}

void note_memory(Headroom& room) {
  if (room.host.memory == 0) return;
  const auto memory = static_cast<double>(room.host.memory);
  if (room.memory_limits > room.host.memory)
    room.notes.push_back(
        "memory limits add up to " + times(static_cast<double>(room.memory_limits) / memory) +
        " of the host: if all containers used theirs at once, the host would run out before any "
        "limit is met, and the kernel would choose whom to kill");
  if (room.without_memory_limit > 0)
    room.notes.push_back(std::to_string(room.without_memory_limit) +
                         " containers have no memory limit: each may use all of the host");
  if (room.working_sets < room.host.memory)
    room.notes.push_back(bytes_text(room.host.memory - room.working_sets) +
                         " are left above what all of them used at most");
  else
    room.notes.push_back("what they used at most does not fit the host at the same time");
}

void note_cpu(Headroom& room) {
  if (room.host.cores <= 0) return;
  if (room.cpu_limits > room.host.cores)
    room.notes.push_back("CPU limits add up to " + times(room.cpu_limits / room.host.cores) +
                         " of the host: that is usual, since CPU is shared by weight when it is "
                         "short; a limit alone promises nothing");
  if (room.cpu_peaks > room.host.cores)
    room.notes.push_back(
        "what they use 95% of the time adds up to more than the host has: they "
        "wait for each other");
}

}  // namespace

Headroom headroom_of(std::span<const Observation> all, const Host& host) {
  Headroom room{.host = host, .containers = all.size()};
  for (const Observation& seen : all) {
    // A limit beyond the host's memory limits nothing.
    if (seen.memory_limit && (host.memory == 0 || *seen.memory_limit < host.memory))
      room.memory_limits += *seen.memory_limit;
    else
      ++room.without_memory_limit;
    if (!seen.working_set.empty()) room.working_sets += std::ranges::max(seen.working_set);
    if (seen.cpu_limit)
      room.cpu_limits += *seen.cpu_limit;
    else
      ++room.without_cpu_limit;
    room.cpu_peaks += percentile(seen.cpu_cores, 0.95);
  }
  note_memory(room);
  note_cpu(room);
  return room;
}

}  // namespace plimsoll::control
