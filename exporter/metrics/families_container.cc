// What we say about containers beyond cAdvisor's families.
#include "exporter/metrics/tombstones.h"

namespace plimsoll::exporter {

namespace {

// One series per container that carries everything else known about it, for joins on id.
void write_info(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = context.snapshot.rows[row].identity;
    if (!identity || !identity->is_container()) return;
    out.count(labels, 1,
              {{"runtime", name_of(identity->runtime)},
               {"runtime_id", identity->id},
               {"compose_project", identity->compose_project},
               {"compose_service", identity->compose_service}});
  });
}

std::string_view word_for(inventory::NetworkMode mode) {
  switch (mode) {
    case inventory::NetworkMode::kOwn:
      return "own";
    case inventory::NetworkMode::kHost:
      return "host";
    case inventory::NetworkMode::kContainer:
      return "container";
    case inventory::NetworkMode::kNone:
      return "none";
    case inventory::NetworkMode::kUnknown:
      break;
  }
  return "";
}

// The container of that runtime id. Containers of a pod stand together in the tree, so the search
// goes outwards from the one that asks.
const inventory::Identity* owner_of(const std::vector<Row>& rows, std::size_t from,
                                    std::string_view id) {
  const auto is_owner = [&](std::size_t row) {
    return rows[row].identity && rows[row].identity->id == id;
  };
  for (std::size_t distance = 1; distance < rows.size(); ++distance) {
    if (distance <= from && is_owner(from - distance)) return rows[from - distance].identity.get();
    if (from + distance < rows.size() && is_owner(from + distance))
      return rows[from + distance].identity.get();
  }
  return nullptr;
}

void write_network(FamilyWriter& out, const Context& context) {
  const std::vector<Row>& rows = context.snapshot.rows;
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = rows[row].identity;
    if (!identity || !identity->is_container() || word_for(identity->network).empty()) return;
    const std::string_view id = identity->network_owner;
    const inventory::Identity* owner = id.empty() ? nullptr : owner_of(rows, row, id);
    out.count(labels, 1,
              {{"mode", word_for(identity->network)},
               {"owner", owner ? std::string_view(owner->cgroup) : std::string_view()},
               {"owner_name", owner ? std::string_view(owner->display) : std::string_view()},
               {"owner_runtime_id", id}});
  });
}

// Runtimes that restart containers by themselves and say how often.
bool counts_restarts(const inventory::Identity& identity) {
  using inventory::Runtime;
  return identity.metadata == inventory::Metadata::kComplete &&
         (identity.runtime == Runtime::kDocker || identity.runtime == Runtime::kPodman ||
          identity.runtime == Runtime::kPlimsoll);
}

void write_restarts(FamilyWriter& out, const Context& context) {
  for_each_row(context, [&](std::size_t row, std::string_view labels) {
    const inventory::IdentityPtr& identity = context.snapshot.rows[row].identity;
    if (identity && counts_restarts(*identity)) out.count(labels, identity->restart_count);
  });
  for_each_tombstone(context, [&](const Tombstone& ended) {
    if (!counts_restarts(*ended.identity)) return;
    const std::uint64_t known = ended.identity->restart_count;
    out.count(*ended.labels, ended.ending ? std::max(ended.ending->restart_count, known) : known);
  });
}

template <class Each>
void for_each_ending(const Context& context, Each each) {
  for_each_tombstone(context, [&](const Tombstone& ended) {
    if (ended.ending) each(std::string_view(*ended.labels), *ended.ending);
  });
}

void write_exit_code(FamilyWriter& out, const Context& context) {
  for_each_ending(context, [&](std::string_view labels, const inventory::Ending& ending) {
    out.integer(labels, ending.exit_code);
  });
}

// Runtimes learn of a kill beside the exit and record the exit first: now and then they miss it.
// The kernel's counts do not, and 137 says that the first process itself was killed.
bool killed_for_memory(const Tombstone& ended) {
  constexpr std::int64_t kKilled = 128 + 9;
  return ended.ending->oom_killed.value_or(false) ||
         (ended.ending->exit_code == kKilled && ended.oom_kills.value_or(0) > 0);
}

void write_oom_killed(FamilyWriter& out, const Context& context) {
  for_each_tombstone(context, [&](const Tombstone& ended) {
    if (!ended.ending) return;
    const bool killed = killed_for_memory(ended);
    if (killed || ended.ending->oom_killed) out.count(*ended.labels, killed ? 1 : 0);
  });
}

template <std::optional<WallTime> inventory::Ending::* kMember>
void write_end_time(FamilyWriter& out, const Context& context) {
  for_each_ending(context, [&](std::string_view labels, const inventory::Ending& ending) {
    if (!(ending.*kMember)) return;
    const auto time = (ending.*kMember)->time_since_epoch().count();
    if (time > 0) out.seconds(labels, static_cast<std::uint64_t>(time));
  });
}

constexpr auto kGauge = FamilyType::kGauge;
constexpr auto kCounter = FamilyType::kCounter;
constexpr std::string_view kEnding = "runtime's record: Docker, podman, CRI-O";

constexpr Family kFamilies[] = {
    {{"plimsoll_container_info", kGauge, "", Group::kAlways,
      "runtime,runtime_id,compose_project,compose_service",
      "What is known about a container; the value is always 1. Join on id.", "runtime's record",
      "runtime's record", "Labels without a value are left out."},
     write_info},
    {{"plimsoll_container_network_info", kGauge, "", Group::kNetwork,
      "mode,owner,owner_name,owner_runtime_id",
      "Whose network namespace the container uses; the value is always 1.", "runtime's record",
      "runtime's record",
      "mode is own, host, none or container; then owner is the id of the container whose traffic "
      "it shares: join on owner to attribute it."},
     write_network},
    {{"plimsoll_container_restarts_total", kCounter, "", Group::kAlways, "",
      "Times that the runtime restarted the container by itself.", "runtime's record",
      "runtime's record", "Docker, podman and Plimsoll only. Lingers after the container's end."},
     write_restarts},
    {{"plimsoll_container_exit_code", kGauge, "", Group::kAlways, "",
      "Exit code of a container that ended; 128 and more: killed by a signal.", kEnding, kEnding,
      "For some minutes after the end (--metrics.tombstone)."},
     write_exit_code},
    {{"plimsoll_container_exit_oom_killed", kGauge, "", Group::kAlways, "",
      "1 if the container ended because memory ran out, 0 otherwise.",
      "runtime's record; the kernel's kills", "runtime's record; the kernel's kills",
      "The runtime says so, or its first process was killed (137) and the kernel killed in it."},
     write_oom_killed},
    {{"plimsoll_container_exit_time_seconds", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which a container ended.", kEnding, kEnding, ""},
     write_end_time<&inventory::Ending::finished>},
    {{"plimsoll_container_exit_start_time_seconds", kGauge, "seconds", Group::kAlways, "",
      "Unix time at which a container that ended had been started.", kEnding, kEnding, ""},
     write_end_time<&inventory::Ending::started>},
};

}  // namespace

std::span<const Family> families_container() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
