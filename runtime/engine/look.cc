// What is seen of containers, and how it comes to be seen.
#include <algorithm>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/files.h"
#include "runtime/engine/merge.h"
#include "runtime/engine/names.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

const char* name_of(Status status) {
  switch (status) {
    case Status::kCreated:
      return "created";
    case Status::kRunning:
      return "running";
    case Status::kPaused:
      return "paused";
    case Status::kRestarting:
      return "restarting";
    case Status::kRemoving:
      return "removing";
    case Status::kExited:
      return "exited";
    case Status::kDead:
      return "dead";
  }
  return "dead";
}

std::string EngineImpl::state_dir_of(const std::string& id) const {
  return options_.state_dir + "/containers/" + id;
}
std::string EngineImpl::run_dir_of(const std::string& id) const {
  return options_.run_dir + "/engine/" + id;
}
std::string EngineImpl::passing_dir_of(const std::string& id) const {
  return options_.run_dir + "/passing/" + id;
}
std::string EngineImpl::record_dir_of(const Entry& entry) const {
  return entry.passing ? passing_dir_of(entry.id) : state_dir_of(entry.id);
}
std::string EngineImpl::measuring_file_of(const std::string& id) const {
  return options_.run_dir + "/containers/" + id + ".json";
}

ContainerPtr EngineImpl::seen_of(const Entry& entry) const {
  const std::lock_guard lock(entry.look);
  return entry.seen;
}

std::vector<ContainerPtr> EngineImpl::containers() const {
  std::vector<EntryPtr> entries;
  {
    const std::lock_guard lock(table_);
    entries.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) entries.push_back(entry);
  }
  std::vector<ContainerPtr> all;
  all.reserve(entries.size());
  for (const EntryPtr& entry : entries)
    if (ContainerPtr seen = seen_of(*entry)) all.push_back(std::move(seen));
  std::ranges::sort(all, [](const ContainerPtr& left, const ContainerPtr& right) {
    return left->created > right->created;
  });
  return all;
}

Answer<EntryPtr> EngineImpl::entry_of(std::string_view reference) const {
  const auto unknown = [&] {
    return refuse(Refused::kNotFound, fill_in("No such container: {}", reference));
  };
  std::string key(reference);
  if (key.starts_with('/')) key.erase(0, 1);
  if (key.empty()) return unknown();
  const std::lock_guard lock(table_);
  EntryPtr found;
  if (const auto by_id = entries_.find(key); by_id != entries_.end()) {
    found = by_id->second;
  } else if (const auto by_name = names_.find(key); by_name != names_.end()) {
    const auto entry = entries_.find(by_name->second);
    if (entry != entries_.end()) found = entry->second;
  } else {
    for (const auto& [id, entry] : entries_) {
      if (!id.starts_with(key)) continue;
      if (found)
        return refuse(Refused::kInvalid,
                      fill_in("Multiple IDs found with provided prefix: {}", key));
      found = entry;
    }
  }
  // One in the making is not seen yet.
  if (!found || !seen_of(*found)) return unknown();
  return found;
}

Answer<ContainerPtr> EngineImpl::find(std::string_view reference) const {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  return seen_of(*entry);
}

Answer<EngineImpl::Lock> EngineImpl::lock(Entry& entry) const {
  Lock held(entry.change);
  if (entry.gone) return refuse(Refused::kNotFound, fill_in("No such container: {}", entry.id));
  return held;
}

void EngineImpl::publish(Entry& entry) {
  Container& container = entry.stored.container;
  container.endpoints = networks_->endpoints_of(entry.id);
  container.published = networks_->published(entry.id);
  container.mounts.clear();
  for (const Place& place : entry.stored.places)
    if (place.shown) container.mounts.push_back(place.point);
  {
    const std::lock_guard lock(entry.look);
    container.exec_ids = entry.exec_ids;
    entry.seen = std::make_shared<const Container>(container);
  }
  entry.ended.notify_all();
  if (!entry.upper) {
    if (const auto root = images_->root_info(entry.id)) {
      const auto found = root->data.find("UpperDir");
      entry.upper = found == root->data.end() ? std::string() : found->second;
    }
  }
  // Without it numbers have no names: no reason to fail.
  const auto written = replace_file(
      measuring_file_of(entry.id),
      encode_for_measuring(container, entry.upper.value_or(""), images_->driver()), 0640);
  if (!written) log::warn("container " + short_id(entry.id) + ": " + written.error().message());
}

void EngineImpl::save_state(Entry& entry) {
  const auto saved =
      replace_file(record_dir_of(entry) + "/state.json", encode_state(entry.stored), 0600);
  if (!saved) log::error("container " + short_id(entry.id) + ": " + saved.error().message());
}

Result<> EngineImpl::save_config(Entry& entry, bool durable) {
  return replace_file(record_dir_of(entry) + "/config.json", encode_config(entry.stored), 0600,
                      durable && !entry.passing ? Keep::kMachine : Keep::kProcess);
}

void EngineImpl::tell_about(const Container& container, std::string action,
                            std::map<std::string, std::string> more) {
  Event event;
  event.type = "container";
  event.action = std::move(action);
  event.id = container.id;
  event.attributes = container.definition.config.labels;
  event.attributes["image"] = container.definition.config.image;
  event.attributes["name"] = container.name;
  more.merge(event.attributes);
  event.attributes = std::move(more);
  events_->tell(std::move(event));
}

std::shared_ptr<void> EngineImpl::listen(std::optional<WallTime> since,
                                         std::function<void(const Event&)> heard,
                                         std::function<void()> caught_up) {
  return events_->listen(since, std::move(heard), std::move(caught_up));
}

void EngineImpl::tell(Event event) {
  events_->tell(std::move(event));
}

Answer<std::shared_ptr<void>> EngineImpl::wait(std::string_view reference, WaitFor what,
                                               std::function<void(WaitResult)> done) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  auto waiter = std::make_shared<Waiter>();
  waiter->what = what;
  waiter->done = std::move(done);
  std::optional<WaitResult> now;
  {
    const std::lock_guard lock(entry->look);
    if (what == WaitFor::kNotRunning && !entry->seen->state.running())
      now = WaitResult{entry->seen->state.exit_code, entry->seen->state.error};
    else
      entry->waiters.push_back(waiter);
  }
  if (now) waiter->done(*now);
  return std::shared_ptr<void>(nullptr, [entry, waiter](const void*) {
    const std::lock_guard lock(entry->look);
    waiter->cancelled = true;
    std::erase(entry->waiters, waiter);
  });
}

}  // namespace plimsoll::engine
