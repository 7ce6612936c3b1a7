// How runs end: told by the keeper, or because the keeper is gone; what follows from it.
#include <sys/mount.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/fill_in.h"
#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/engine_impl.h"
#include "runtime/engine/files.h"
#include "runtime/engine/logged_kill.h"
#include "runtime/engine/names.h"
#include "runtime/engine/spawn.h"

namespace plimsoll::engine {

using model::Answer;
using model::refuse;
using model::Refused;

namespace {

constexpr std::chrono::milliseconds kFirstBackOff(100);
constexpr std::chrono::milliseconds kLongestBackOff(60'000);
constexpr std::chrono::seconds kLastedLongEnough(10);
constexpr int kKilled = 128 + SIGKILL;
constexpr const char* kKernelLog = "/dev/kmsg";

std::string_view last_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Of the run that ends; an engine that found it running knows the calendar's time of it only.
MonoTime begun_of(const Entry& entry) {
  const RealClock clock;
  const auto started = entry.stored.container.state.started;
  return started ? clock.now() - (clock.wall() - *started) : MonoTime{};
}

}  // namespace

void EngineImpl::watch(const EntryPtr& entry, const std::shared_ptr<Run>& run) {
  loop_->post([this, entry, run] {
    const auto watched = loop_->watch(run->connection->socket(), EPOLLIN,
                                      [this, entry, run](std::uint32_t) { on_keeper(entry, run); });
    if (!watched) log::error("container " + short_id(entry->id) + ": " + watched.error().message());
  });
}

// In the loop. The keeper says one thing over this connection: how the container ended.
void EngineImpl::on_keeper(const EntryPtr& entry, const std::shared_ptr<Run>& run) {
  std::array<char, 4096> packet{};
  const ssize_t size =
      ::recv(run->connection->socket().get(), packet.data(), packet.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  std::optional<shim::ExitRecord> record;
  if (size > 1 && packet[0] == static_cast<char>(shim::Answer::kExited)) {
    const auto parsed = shim::parse_exit_record(
        std::string_view(packet.data() + 1, static_cast<std::size_t>(size - 1)));
    if (parsed) record = *parsed;
  } else if (size > 0) {
    return;
  }
  loop_->forget(run->connection->socket());
  pool_->post([this, entry, run, record] { run_ended(entry, run, record); });
}

void EngineImpl::run_ended(const EntryPtr& entry, const std::shared_ptr<Run>& run,
                           std::optional<shim::ExitRecord> record) {
  const Lock held(entry->change);
  if (entry->gone || entry->run != run) return;
  if (!record) {
    // The keeper is gone. It may have written how the container ended; else nobody will ever know,
    // and a container without a keeper has no log and no end: it goes, too.
    const auto look = shim::look(run->dir);
    if (look && look->exit) {
      record = look->exit;
    } else {
      log::warn("container " + short_id(entry->id) + ": its keeper was killed, and so is it");
      record = shim::ExitRecord{.exit_code = kKilled, .signal = SIGKILL, .at = RealClock().wall()};
    }
  }
  settle(entry, *record);
}

bool EngineImpl::oom_killed(const Entry& entry, const shim::ExitRecord& record) const {
  if (record.oom_kill) return true;
  const auto view = runtime::look(*host_, entry.id);
  if (!view) return false;
  const bool removed_by_others = options_.systemd_cgroups && cgroup_version_ == CgroupVersion::kV2;
  for (const state::CgroupPlace& place : view->record.cgroups.places) {
    const auto text = read_text(
        place.path + (place.hierarchy.empty() ? "/memory.events" : "/memory.oom_control"));
    if (!text && removed_by_others && record.exit_code != 0 &&
        logs_tell_of_kill(kKernelLog, last_of(place.path), begun_of(entry)))
      return true;
    if (!text) continue;
    std::string_view rest = *text;
    std::string_view line;
    while (next_line(rest, line)) {
      constexpr std::string_view kKey = "oom_kill ";
      if (line.starts_with(kKey) &&
          to_number<std::uint64_t>(trim(line.substr(kKey.size()))).value_or(0) > 0)
        return true;
    }
  }
  return false;
}

// What the run had, given back. Done again, it is done.
void EngineImpl::clear_run(Entry& entry) {
  const auto complain = [&](const Result<>& done) {
    if (!done) log::error("container " + short_id(entry.id) + ": " + done.error().message());
  };
  complain(runtime::remove(*host_, entry.id, runtime::Force::kYes));
  if (entry.run) reap_keeper(entry.run->keeper);
  disconnected(entry);
  complain(networks_->release(entry.id));
  complain(images_->unmount_root(entry.id));
  for (const Place& place : entry.stored.places)
    if (place.point.type == "volume") volumes_->release(place.point.name, entry.id);
  const std::string directory = run_dir_of(entry.id);
  ::umount2((directory + "/shm").c_str(), MNT_DETACH);
  complain(remove_tree(directory));
  forget_execs(entry.id);
}

void EngineImpl::settle(const EntryPtr& entry, const shim::ExitRecord& record) {
  Stored& stored = entry->stored;
  Container& container = stored.container;
  State& state = container.state;
  end_health(*entry);
  // The kernel's word, before its files go.
  state.oom_killed = oom_killed(*entry, record);
  const MonoTime begun = entry->run ? entry->run->begun : MonoTime{};
  state.exit_code = record.exit_code;
  state.finished = record.at;
  state.pid = 0;
  container.cgroup.clear();
  const bool again = restarts(*entry, begun);
  state.status = again ? Status::kRestarting : Status::kExited;
  if (again) ++container.restart_count;
  // Written down while the keeper's own record is still there: a death now loses nothing.
  save_state(*entry);
  clear_run(*entry);
  entry->run.reset();
  publish(*entry);
  if (state.oom_killed) tell_about(container, "oom");
  const auto lasted =
      state.started ? std::chrono::duration_cast<std::chrono::seconds>(record.at - *state.started)
                    : std::chrono::seconds(0);
  tell_about(container, "die",
             {{"exitCode", std::to_string(record.exit_code)},
              {"execDuration", std::to_string(std::max<std::int64_t>(lasted.count(), 0))}});
  notify_end(*entry);
  if (again)
    restart_later(entry);
  else if (container.definition.host.auto_remove && !entry->keeps_itself)
    remove_itself(entry);
}

bool EngineImpl::restarts(Entry& entry, MonoTime begun) {
  const Stored& stored = entry.stored;
  const model::RestartPolicy& policy = stored.container.definition.host.restart_policy;
  if (stored.manually_stopped || stored.phase != Stored::Phase::kMade) return false;
  const bool lasted = begun != MonoTime{} && RealClock().now() - begun >= kLastedLongEnough;
  entry.back_off = lasted || entry.back_off == std::chrono::milliseconds(0)
                       ? kFirstBackOff
                       : std::min(entry.back_off * 2, kLongestBackOff);
  if (policy.name == "always" || policy.name == "unless-stopped") return true;
  if (policy.name != "on-failure" || stored.container.state.exit_code == 0) return false;
  return policy.maximum_retry_count == 0 ||
         stored.container.restart_count < policy.maximum_retry_count;
}

void EngineImpl::restart_later(const EntryPtr& entry) {
  entry->restart = loop_->after(entry->back_off, [this, entry] {
    pool_->post([this, entry] {
      const Lock held(entry->change);
      if (entry->gone || entry->stored.container.state.status != Status::kRestarting) return;
      entry->restart.reset();
      const auto started = begin_run(entry);
      if (started) return;
      log::error("container " + short_id(entry->id) +
                 ": it could not be started again: " + started.error().message);
      if (!restarts(*entry, MonoTime{})) return;
      entry->stored.container.state.status = Status::kRestarting;
      ++entry->stored.container.restart_count;
      save_state(*entry);
      publish(*entry);
      restart_later(entry);
    });
  });
}

void EngineImpl::forget_restart(Entry& entry) {
  if (entry.restart) loop_->cancel(*std::exchange(entry.restart, std::nullopt));
}

// Everybody who waits for an end.
void EngineImpl::notify_end(Entry& entry) {
  std::vector<std::shared_ptr<Waiter>> told;
  std::vector<std::shared_ptr<LogFollower>> followers;
  {
    const std::lock_guard lock(entry.look);
    ++entry.ends;
    std::erase_if(entry.waiters, [&](const std::shared_ptr<Waiter>& waiter) {
      if (waiter->what == WaitFor::kRemoved) return false;
      told.push_back(waiter);
      return true;
    });
    followers.swap(entry.followers);
  }
  entry.ended.notify_all();
  const State& state = entry.stored.container.state;
  for (const auto& waiter : told) waiter->done({state.exit_code, state.error});
  for (const auto& follower : followers) follower->ended();
}

Answer<> EngineImpl::remove(std::string_view reference, RemoveOptions options) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  if (options.link)
    return refuse(Refused::kInvalid, "links are not removed by themselves: remove the container");
  Lock held = PLIMSOLL_TRY(lock(*entry));
  Stored& stored = entry->stored;
  if (stored.phase == Stored::Phase::kRemoving)
    return refuse(Refused::kConflict,
                  fill_in("removal of container {} is already in progress", entry->id));
  if (stored.container.state.running() && !options.force) {
    const char* how = "container is running: stop the container before removing or force remove";
    if (stored.container.state.status == Status::kPaused)
      how = "container is paused and must be unpaused first";
    if (stored.container.state.status == Status::kRestarting)
      how = "container is restarting: stop the container before removing or force remove";
    return refuse(Refused::kConflict,
                  fill_in("cannot remove container \"/{}\": {}", stored.container.name, how));
  }
  if (entry->run) {
    stored.manually_stopped = true;
    stored.phase = Stored::Phase::kRemoving;
    save_state(*entry);
    tell_about(stored.container, "kill", {{"signal", "9"}});
    std::uint64_t ends = 0;
    {
      const std::lock_guard lock(entry->look);
      ends = entry->ends;
    }
    std::ignore = runtime::kill(*host_, entry->id, SIGKILL, runtime::Whom::kInit);
    held.unlock();
    std::ignore = await_end(*entry, ends, std::nullopt);
    held.lock();
    // One that removes itself was quicker.
    if (entry->gone) return {};
  }
  return remove_locked(entry, options.volumes ? VolumesToo::kRemove : VolumesToo::kKeep);
}

void EngineImpl::remove_itself(const EntryPtr& entry) {
  if (const auto removed = remove_locked(entry, VolumesToo::kRemove); !removed)
    log::error("container " + short_id(entry->id) + ": " + removed.error().message);
}

Answer<> EngineImpl::remove_locked(const EntryPtr& entry, VolumesToo volumes) {
  Stored& stored = entry->stored;
  forget_restart(*entry);
  stored.phase = Stored::Phase::kRemoving;
  stored.container.state.status = Status::kRemoving;
  save_state(*entry);
  publish(*entry);
  const auto failed = [&](const Error& error) -> Answer<> {
    stored.container.state.status = Status::kDead;
    stored.phase = Stored::Phase::kMade;
    publish(*entry);
    return refuse(Refused::kFailed, fill_in("container {}: driver \"{}\" failed to remove root "
                                            "filesystem: {}",
                                            entry->id, images_->driver(), error.message()));
  };
  if (const auto removed = images_->remove_root(entry->id); !removed)
    return failed(removed.error());
  for (const Place& place : stored.places) {
    if (volumes == VolumesToo::kKeep || !place.anonymous || place.point.name.empty()) continue;
    const auto users = users_of_volume(place.point.name);
    if (std::ranges::any_of(users, [&](const std::string& id) { return id != entry->id; }))
      continue;
    if (volumes_->remove(place.point.name))
      events_->tell({"volume", "destroy", place.point.name, {{"driver", "local"}}, WallTime{}});
  }
  std::ignore = remove_tree(run_dir_of(entry->id));
  std::ignore = remove_tree(measuring_file_of(entry->id));
  // Last: as long as the record is there, somebody knows that there is something to remove.
  for (const std::string& directory : {state_dir_of(entry->id), passing_dir_of(entry->id)})
    if (const auto removed = remove_tree(directory); !removed) return failed(removed.error());
  entry->gone = true;
  {
    const std::lock_guard lock(table_);
    entries_.erase(entry->id);
    names_.erase(stored.container.name);
  }
  tell_about(stored.container, "destroy");
  for (const auto& attachment : std::exchange(entry->early, {})) attachment->detach();
  std::vector<std::shared_ptr<Waiter>> told;
  {
    const std::lock_guard lock(entry->look);
    told.swap(entry->waiters);
  }
  for (const auto& waiter : told)
    waiter->done({stored.container.state.exit_code, stored.container.state.error});
  return {};
}

}  // namespace plimsoll::engine
