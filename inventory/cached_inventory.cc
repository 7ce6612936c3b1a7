#include "inventory/cached_inventory.h"

#include <algorithm>

#include "inventory/lookup.h"

namespace plimsoll::inventory {

namespace {

using std::chrono::nanoseconds;

std::string_view parent_of(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}
std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// What only the socket knew stays when the files are read again.
void carry_over(const Identity& old, Identity& fresh) {
  fresh.labels = old.labels;
  fresh.restart_count = old.restart_count;
  fresh.compose_project = old.compose_project;
  fresh.compose_service = old.compose_service;
  fresh.network = old.network;
  fresh.network_owner = old.network_owner;
  if (fresh.pid == old.pid) fresh.started = old.started;
  if (!old.log_path.empty()) fresh.log_path = old.log_path;
}

}  // namespace

IdentityPtr CachedInventory::identify(const cgroupfs::Cgroup& cgroup) {
  Entry& entry = entries_[cgroup.serial];
  if (!entry.identity)
    start(cgroup.serial, entry, cgroup.path);
  else if (entry.due != kNever && clock_.now() >= entry.due)
    revisit(cgroup.serial, entry);
  return entry.identity;
}

PathFacts CachedInventory::facts_of(const std::string& path) {
  PathFacts facts = path_facts(path);
  // "/<namespace>/<any name>" is how containerd's cgroupfs driver places what `ctr` starts. Its
  // bundle is there before its group, so one look is enough.
  const std::string parent(parent_of(path));
  if (facts.identity.runtime != Runtime::kCgroup || facts.nested || parent.size() < 2 ||
      parent.rfind('/') != 0)
    return facts;
  if (!files_.exists(options_.containerd_run + "/io.containerd.runtime.v2.task" + path +
                     "/config.json"))
    return facts;
  facts.adopted = true;
  facts.identity.runtime = Runtime::kContainerd;
  facts.identity.id = facts.identity.name = name_in(path);
  facts.identity.metadata = Metadata::kPending;
  set_display(facts.identity);
  return facts;
}

void CachedInventory::start(std::uint64_t serial, Entry& entry, const std::string& path) {
  const PathFacts facts = facts_of(path);
  set(entry, facts.identity);
  if (facts.identity.runtime == Runtime::kKubernetes) return name_pod(entry);
  if (!facts.identity.is_container()) return;
  if (facts.identity.runtime == Runtime::kPodman && is_container_id(name_in(parent_of(path))))
    podman_pod_groups_.emplace(parent_of(path));
  look(serial, entry, facts);
}

void CachedInventory::revisit(std::uint64_t serial, Entry& entry) {
  if (entry.identity->runtime == Runtime::kKubernetes) return name_pod(entry);
  const bool complete = entry.identity->metadata == Metadata::kComplete;
  if (complete && entry.settled && !entry.stamps.empty() && !any_changed(sources_, entry.stamps)) {
    entry.due = clock_.now() + options_.refresh;
    if (entry.incomplete && !entry.answered) ask(serial, entry, facts_of(entry.identity->cgroup));
    return;
  }
  const PathFacts facts = facts_of(entry.identity->cgroup);
  if (complete && entry.stamps.empty()) {
    // Known from the socket only, and something of it still changes.
    entry.due = clock_.now() + (entry.settled ? options_.last_retry : back_off(entry));
    ++entry.attempts;
    return ask(serial, entry, facts);
  }
  look(serial, entry, facts);
}

void CachedInventory::look(std::uint64_t serial, Entry& entry, const PathFacts& facts) {
  Result<Record> record = look_up(sources_, facts);
  if (record) {
    found(serial, entry, *std::move(record));
    if (entry.incomplete && !entry.answered) ask(serial, entry, facts);
    return;
  }
  missed(entry, facts, record.error());
  // A record that is only late comes by itself; no need to wake a daemon for it at once.
  const bool late = record.error().kind == ErrorKind::kNotOffered && entry.attempts < 3;
  if (entry.identity->metadata != Metadata::kComplete && !late) ask(serial, entry, facts);
}

void CachedInventory::found(std::uint64_t serial, Entry& entry, Record record) {
  if (entry.answered && record.incomplete) carry_over(*entry.identity, record.identity);
  entry.stamps = std::move(record.stamps);
  entry.settled = record.settled;
  entry.incomplete = record.incomplete;
  if (record.settled) {
    entry.attempts = 0;
    entry.due = clock_.now() + spread_refresh(serial);
  } else {
    entry.due = clock_.now() + back_off(entry);
    ++entry.attempts;
  }
  const Identity& identity = record.identity;
  if (!identity.pod_uid.empty() && !identity.pod_name.empty())
    pods_.insert_or_assign(identity.pod_uid, Pod{identity.pod_name, identity.pod_namespace});
  set(entry, std::move(record.identity));
}

void CachedInventory::missed(Entry& entry, const PathFacts& facts, const Error& error) {
  entry.due = clock_.now() + back_off(entry);
  ++entry.attempts;
  const bool absent = error.kind == ErrorKind::kNotOffered;
  if (!absent && error.kind != ErrorKind::kDenied) ++failures_;
  // It was there once: the container is ending, or the file is being replaced.
  if (entry.identity->metadata == Metadata::kComplete) return;
  // Docker and containerd write the record before they make the group. A bare id without one is
  // rather somebody else's (a podman pod's) group; to call it a container would count what is in it
  // twice. In a pod there is nothing else that it could be.
  if (absent && facts.guess && facts.identity.runtime == Runtime::kDocker) {
    Identity bare;
    bare.cgroup = bare.id = bare.display = facts.identity.cgroup;
    bare.metadata = Metadata::kPending;
    if (podman_pod_groups_.contains(bare.cgroup)) {
      bare.metadata = Metadata::kComplete;
      entry.due = kNever;
    }
    return set(entry, std::move(bare));
  }
  Identity identity = *entry.identity;
  identity.metadata = error.kind == ErrorKind::kDenied ? Metadata::kUnreadable : Metadata::kPending;
  set(entry, std::move(identity));
}

void CachedInventory::name_pod(Entry& entry) {
  entry.due = kNever;
  if (entry.identity->pod_uid.empty()) return;  // A QoS class.
  entry.due = clock_.now() + options_.refresh;
  const auto pod = pods_.find(entry.identity->pod_uid);
  if (pod == pods_.end()) return;
  Identity identity = *entry.identity;
  identity.pod_name = pod->second.name;
  identity.pod_namespace = pod->second.pod_namespace;
  set_display(identity);
  set(entry, std::move(identity));
}

void CachedInventory::set(Entry& entry, Identity identity) {
  if (entry.identity && *entry.identity == identity) return;  // Readers compare pointers.
  entry.identity = std::make_shared<const Identity>(std::move(identity));
}

nanoseconds CachedInventory::back_off(const Entry& entry) const {
  nanoseconds wait = options_.first_retry;
  for (std::uint32_t i = 0; i < entry.attempts && wait < options_.last_retry; ++i) wait *= 2;
  return std::min(wait, options_.last_retry);
}

// A thousand containers found in one tick must not be looked at in one tick for ever after.
nanoseconds CachedInventory::spread_refresh(std::uint64_t serial) const {
  return options_.refresh - options_.refresh / 32 * static_cast<std::int64_t>(serial % 16);
}

void CachedInventory::forget(std::uint64_t serial) {
  const auto at = entries_.find(serial);
  if (at == entries_.end()) return;
  const Identity& identity = *at->second.identity;
  if (identity.runtime == Runtime::kKubernetes) pods_.erase(identity.pod_uid);
  podman_pod_groups_.erase(identity.cgroup);
  entries_.erase(at);
}

InventoryStats CachedInventory::stats() const {
  InventoryStats stats;
  stats.lookups = files_.reads();
  stats.checks = files_.checks();
  stats.questions = questions_;
  stats.failures = failures_;
  for (const auto& [serial, entry] : entries_) {
    if (entry.identity->metadata == Metadata::kPending) ++stats.pending;
    if (entry.identity->metadata == Metadata::kUnreadable) ++stats.unreadable;
  }
  return stats;
}

std::unique_ptr<Inventory> Inventory::create(const DirFd& proc, const Clock& clock,
                                             InventoryOptions options, Ask ask) {
  return std::make_unique<CachedInventory>(proc, clock, std::move(options), std::move(ask));
}

}  // namespace plimsoll::inventory
