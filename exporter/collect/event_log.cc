#include "exporter/collect/event_log.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plimsoll::exporter {

namespace {

using inventory::Identity;
using inventory::IdentityPtr;

std::size_t index(EventType type) {
  return static_cast<std::size_t>(type);
}

std::size_t bytes_of(const Identity& identity) {
  std::size_t bytes = sizeof(Identity) + identity.cgroup.capacity() + identity.id.capacity() +
                      identity.image.capacity() + identity.upper_dir.capacity();
  for (const auto& [key, value] : identity.labels)
    bytes += sizeof(std::pair<std::string, std::string>) + key.capacity() + value.capacity();
  return bytes;
}

// A container's identity is counted with its deletion only: until then somebody else holds it too.
std::size_t bytes_of(const Event& event) {
  constexpr std::size_t kNode = 48;  // Control block and the deque's pointer.
  std::size_t bytes = sizeof(Event) + kNode + event.cgroup.capacity();
  if (event.type == EventType::kDeletion && event.identity) bytes += bytes_of(*event.identity);
  if (event.oom) bytes += event.oom->cgroup.capacity() + event.oom->limited.capacity();
  return bytes;
}

// The path of the group above; "" above "/".
std::string_view parent_of(std::string_view path) {
  if (path.size() <= 1) return {};
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : path.substr(0, slash);
}

}  // namespace

std::array<bool, kEventTypes.size()> EventQuery::all_types() {
  return {true, true, true, true};
}

bool EventQuery::in_range(const Event& event) const {
  return types[index(event.type)] && event.sequence > after && (!start || event.at >= *start) &&
         (!end || event.at <= *end);
}

bool EventQuery::accepts(const Event& event) const {
  return in_range(event) && (!matches || matches(event));
}

EventLog::EventLog(EventLimits limits) : limits_(limits) {}

std::vector<EventPtr> EventLog::observe(const Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  std::vector<Event> found;
  std::vector<Known> before;
  if (!same_groups(snapshot)) {
    before = std::exchange(known_, {});
    compare(snapshot, before, found);
  }
  // In front: of two events at one time under one path the deletion is the older group's.
  std::vector<Event> ended;
  deletions_.settle(snapshot, ended);
  found.insert(found.begin(), std::make_move_iterator(ended.begin()),
               std::make_move_iterator(ended.end()));
  out_of_memory(snapshot, before, found);
  // A kill comes before the deletion it causes, and old containers in the order of their birth.
  std::ranges::stable_sort(found, {}, &Event::at);
  first_ = false;
  std::vector<EventPtr> events;
  events.reserve(found.size());
  for (Event& event : found) {
    event.sequence = ++sequence_;
    ++stats_.total[index(event.type)];
    events.push_back(std::make_shared<const Event>(std::move(event)));
    keep(events.back());
  }
  evict(snapshot.wall);
  return events;
}

bool EventLog::same_groups(const Snapshot& snapshot) {
  const bool same =
      std::ranges::equal(known_, snapshot.rows, [](const Known& group, const Row& row) {
        return group.announced && group.serial == row.serial;
      });
  for (std::size_t i = 0; same && i < known_.size(); ++i)
    if (known_[i].identity != snapshot.rows[i].identity && snapshot.rows[i].identity)
      known_[i].identity = snapshot.rows[i].identity;
  return same && !first_;
}

// Both lists stand in the order of paths; a group made anew under an old path has another serial.
void EventLog::compare(const Snapshot& snapshot, std::vector<Known>& before,
                       std::vector<Event>& found) {
  known_.reserve(snapshot.rows.size());
  auto old = before.begin();
  for (const Row& row : snapshot.rows) {
    if (!row.identity) continue;
    while (old != before.end() && old->identity->cgroup < row.identity->cgroup)
      deleted(*old++, snapshot, snapshot.wall, found);
    Known group{row.serial, row.identity, row.created, snapshot.wall, snapshot.taken, false};
    if (old != before.end() && old->identity->cgroup == row.identity->cgroup) {
      if (old->serial == row.serial) {
        group.noticed = old->noticed;
        group.since = old->since;
        group.announced = old->announced;
      } else {
        deleted(*old, snapshot, born_exactly(group) ? group.created : snapshot.wall, found);
      }
      ++old;
    }
    if (!group.announced) created(group, snapshot.taken, found);
    known_.push_back(std::move(group));
  }
  while (old != before.end()) deleted(*old++, snapshot, snapshot.wall, found);
}

// A container may have been made days before it was started; a time just before we saw it is its
// birth.
bool EventLog::born_exactly(const Known& group) {
  constexpr std::chrono::seconds kJustNow{10};
  return group.created <= group.noticed && group.created > group.noticed - kJustNow;
}

void EventLog::created(Known& group, MonoTime now, std::vector<Event>& found) const {
  const bool waits = group.identity->metadata == inventory::Metadata::kPending &&
                     now - group.since < kPatience && !first_;
  if (waits) return;
  group.announced = true;
  found.push_back({.type = EventType::kCreation,
                   .at = first_ || born_exactly(group) ? group.created : group.noticed,
                   .cgroup = group.identity->cgroup,
                   .identity = group.identity});
}

void EventLog::deleted(Known& group, const Snapshot& snapshot, WallTime at,
                       std::vector<Event>& found) {
  if (!group.announced) created(group, group.since + kPatience, found);
  deletions_.add({.type = EventType::kDeletion,
                  .at = at,
                  .cgroup = group.identity->cgroup,
                  .identity = group.identity},
                 snapshot.taken);
}

void EventLog::out_of_memory(const Snapshot& snapshot, const std::vector<Known>& before,
                             std::vector<Event>& found) const {
  for (const OomEvent& oom : snapshot.ooms) {
    Event event;
    event.type = oom.kind == OomKind::kKill ? EventType::kOomKill : EventType::kOom;
    event.at = oom.at;
    event.cgroup = event.type == EventType::kOom && !oom.limited.empty() ? oom.limited : oom.cgroup;
    event.identity = whose(event.cgroup, before);
    event.oom = oom;
    found.push_back(std::move(event));
  }
}

// The group itself, now or a moment ago, else the nearest container above it: a process may be
// killed in a group that a container made for itself.
IdentityPtr EventLog::whose(std::string_view cgroup, const std::vector<Known>& before) const {
  const auto in = [](const std::vector<Known>& groups, std::string_view path) -> IdentityPtr {
    const auto at = std::ranges::lower_bound(groups, path, {}, [](const Known& group) {
      return std::string_view(group.identity->cgroup);
    });
    return at != groups.end() && at->identity->cgroup == path ? at->identity : nullptr;
  };
  const auto ended = [&](std::string_view path) -> IdentityPtr {
    constexpr std::size_t kLookBack = 256;
    const Store& deletions = stores_[index(EventType::kDeletion)];
    std::size_t looked = 0;
    for (auto it = deletions.rbegin(); it != deletions.rend() && looked < kLookBack; ++it, ++looked)
      if ((*it)->cgroup == path) return (*it)->identity;
    return nullptr;
  };
  IdentityPtr itself;
  for (std::string_view path = cgroup; !path.empty(); path = parent_of(path)) {
    IdentityPtr found = in(known_, path);
    if (!found) found = in(before, path);
    if (!found) found = deletions_.find(path);
    if (!found) found = ended(path);
    if (found && found->is_container()) return found;
    if (path == cgroup) itself = found;
  }
  return itself;
}

void EventLog::keep(EventPtr event) {
  bytes_ += bytes_of(*event);
  stores_[index(event->type)].push_back(std::move(event));
}

void EventLog::drop_oldest(std::size_t type) {
  bytes_ -= bytes_of(*stores_[type].front());
  stores_[type].pop_front();
}

void EventLog::evict(WallTime now) {
  for (std::size_t type = 0; type < stores_.size(); ++type) {
    while (!stores_[type].empty() && stores_[type].front()->at < now - limits_.of[type].age)
      drop_oldest(type);
    while (stores_[type].size() > limits_.of[type].count) {
      drop_oldest(type);
      ++stats_.evicted;
    }
  }
  while (bytes_ > limits_.max_bytes) {
    const auto most = std::ranges::max_element(stores_, {}, &Store::size);
    if (most->empty()) return;
    drop_oldest(static_cast<std::size_t>(std::distance(stores_.begin(), most)));
    ++stats_.evicted;
  }
}

std::vector<EventPtr> EventLog::find(const EventQuery& query, WallTime now) const {
  std::vector<EventPtr> found;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t type = 0; type < stores_.size(); ++type) {
      if (!query.types[type]) continue;
      for (const EventPtr& event : stores_[type])
        if (event->at >= now - limits_.of[type].age && query.in_range(*event))
          found.push_back(event);
    }
  }
  // What a caller asks about names may cost something: not while the sampler waits.
  if (query.matches)
    std::erase_if(found, [&](const EventPtr& event) { return !query.matches(*event); });
  std::ranges::sort(found, {}, [](const EventPtr& e) { return std::pair(e->at, e->sequence); });
  if (query.newest && found.size() > *query.newest)
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(*query.newest));
  return found;
}

std::uint64_t EventLog::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return sequence_;
}

EventStats EventLog::stats() const {
  const std::lock_guard lock(mutex_);
  EventStats stats = stats_;
  for (std::size_t type = 0; type < stores_.size(); ++type) stats.kept[type] = stores_[type].size();
  return stats;
}

}  // namespace plimsoll::exporter
