// What people tell containers to do.
#include <chrono>
#include <csignal>
#include <tuple>
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

namespace {

constexpr int kStopSeconds = 10;
constexpr std::chrono::seconds kKillPatience{10};

std::unexpected<model::Refusal> not_running(const std::string& id) {
  return refuse(Refused::kConflict, fill_in("container {} is not running", id));
}

}  // namespace

bool EngineImpl::await_end(Entry& entry, std::uint64_t ends,
                           std::optional<std::chrono::seconds> time) const {
  std::unique_lock lock(entry.look);
  const auto over = [&] { return entry.ends != ends; };
  if (time) return entry.ended.wait_for(lock, *time, over);
  entry.ended.wait(lock, over);
  return true;
}

Answer<> EngineImpl::stop_entry(const EntryPtr& entry, std::optional<int> seconds,
                                const std::string& signal, bool& was_running) {
  Lock held = PLIMSOLL_TRY(lock(*entry));
  Stored& stored = entry->stored;
  const Container& container = stored.container;
  was_running = container.state.running();
  if (!was_running) return {};
  const model::Config& config = container.definition.config;
  const std::string asked = !signal.empty() ? signal : config.stop_signal;
  const int number = asked.empty() ? SIGTERM : PLIMSOLL_TRY(signal_of(asked));
  stored.manually_stopped = true;
  if (container.state.status == Status::kRestarting) {
    forget_restart(*entry);
    stored.container.state.status = Status::kExited;
    save_state(*entry);
    publish(*entry);
    notify_end(*entry);
    return {};
  }
  save_state(*entry);
  std::uint64_t ends = 0;
  {
    const std::lock_guard lock(entry->look);
    ends = entry->ends;
  }
  tell_about(container, "kill", {{"signal", std::to_string(number)}});
  // What is frozen hears nothing.
  if (container.state.status == Status::kPaused) {
    PLIMSOLL_TRY(runtime::resume(*host_, entry->id));
    stored.container.state.status = Status::kRunning;
  }
  std::ignore = runtime::kill(*host_, entry->id, number, runtime::Whom::kInit);
  held.unlock();
  const int patience = seconds.value_or(config.stop_timeout.value_or(kStopSeconds));
  const auto time = patience < 0 ? std::nullopt : std::optional(std::chrono::seconds(patience));
  if (await_end(*entry, ends, time)) return {};
  tell_about(container, "kill", {{"signal", std::to_string(SIGKILL)}});
  std::ignore = runtime::kill(*host_, entry->id, SIGKILL, runtime::Whom::kInit);
  std::ignore = await_end(*entry, ends, std::nullopt);
  return {};
}

Answer<> EngineImpl::stop(std::string_view reference, std::optional<int> seconds,
                          const std::string& signal) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  bool was_running = false;
  PLIMSOLL_TRY(stop_entry(entry, seconds, signal, was_running));
  if (!was_running) return refuse(Refused::kNotModified, "Container already stopped");
  tell_about(*seen_of(*entry), "stop");
  return {};
}

Answer<> EngineImpl::restart(std::string_view reference, std::optional<int> seconds,
                             const std::string& signal) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  bool was_running = false;
  {
    // Restarted, not gone: whatever removes itself at its end waits for the next.
    const Lock held = PLIMSOLL_TRY(lock(*entry));
    if (entry->stored.phase == Stored::Phase::kMade) entry->keeps_itself = true;
  }
  auto stopped = stop_entry(entry, seconds, signal, was_running);
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  entry->keeps_itself = false;
  PLIMSOLL_TRY(stopped);
  if (was_running) tell_about(entry->stored.container, "stop");
  if (entry->run) return {};  // Somebody else was quicker.
  entry->stored.manually_stopped = false;
  entry->stored.container.restart_count = 0;
  entry->back_off = std::chrono::milliseconds(0);
  PLIMSOLL_TRY(begin_run(entry));
  tell_about(entry->stored.container, "restart");
  return {};
}

Answer<> EngineImpl::kill(std::string_view reference, const std::string& signal) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const int number = signal.empty() ? SIGKILL : PLIMSOLL_TRY(signal_of(signal));
  Lock held = PLIMSOLL_TRY(lock(*entry));
  Stored& stored = entry->stored;
  const Status status = stored.container.state.status;
  if (status == Status::kRestarting && number == SIGKILL) {
    forget_restart(*entry);
    stored.manually_stopped = true;
    stored.container.state.status = Status::kExited;
    save_state(*entry);
    publish(*entry);
    notify_end(*entry);
    return {};
  }
  if (!entry->run)
    return refuse(Refused::kConflict, fill_in("Cannot kill container: {}: Container {} is not "
                                              "running",
                                              reference, entry->id));
  const auto stop_signal = stored.container.definition.config.stop_signal;
  const int stops = stop_signal.empty() ? SIGTERM : signal_of(stop_signal).value_or(SIGTERM);
  if (number == SIGKILL || number == stops) {
    stored.manually_stopped = true;
    save_state(*entry);
  }
  std::uint64_t ends = 0;
  {
    const std::lock_guard lock(entry->look);
    ends = entry->ends;
  }
  const auto killed = runtime::kill(*host_, entry->id, number, runtime::Whom::kInit);
  // It ended a moment ago: that is what was wanted.
  if (!killed && killed.error().kind != ErrorKind::kGone)
    return refuse(Refused::kFailed,
                  fill_in("Cannot kill container: {}: {}", reference, killed.error().message()));
  tell_about(stored.container, "kill", {{"signal", std::to_string(number)}});
  // As with dockerd, who has the answer finds it ended. What is frozen ends when it thaws.
  if (number == SIGKILL && status == Status::kRunning) {
    held.unlock();
    std::ignore = await_end(*entry, ends, kKillPatience);
  }
  return {};
}

Answer<> EngineImpl::pause(std::string_view reference) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  State& state = entry->stored.container.state;
  if (state.status == Status::kPaused)
    return refuse(Refused::kConflict, fill_in("Container {} is already paused", entry->id));
  if (state.status == Status::kRestarting)
    return refuse(Refused::kConflict,
                  fill_in("Container {} is restarting, wait until the container "
                          "is running",
                          entry->id));
  if (state.status != Status::kRunning)
    return refuse(Refused::kConflict, fill_in("Container {} is not running", entry->id));
  if (const auto paused = runtime::pause(*host_, entry->id); !paused)
    return refuse(Refused::kFailed,
                  fill_in("Cannot pause container {}: {}", entry->id, paused.error().message()));
  state.status = Status::kPaused;
  save_state(*entry);
  publish(*entry);
  tell_about(entry->stored.container, "pause");
  return {};
}

Answer<> EngineImpl::unpause(std::string_view reference) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  State& state = entry->stored.container.state;
  if (state.status != Status::kPaused)
    return refuse(entry->run ? Refused::kFailed : Refused::kConflict,
                  fill_in("Container {} is not paused", entry->id));
  if (const auto resumed = runtime::resume(*host_, entry->id); !resumed)
    return refuse(Refused::kFailed,
                  fill_in("Cannot unpause container {}: {}", entry->id, resumed.error().message()));
  state.status = Status::kRunning;
  save_state(*entry);
  publish(*entry);
  tell_about(entry->stored.container, "unpause");
  return {};
}

Answer<> EngineImpl::rename(std::string_view reference, const std::string& name) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  if (name.empty()) return refuse(Refused::kInvalid, "Neither old nor new names may be empty");
  const std::string wanted = PLIMSOLL_TRY(check_name(name));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  Container& container = entry->stored.container;
  const std::string old = container.name;
  if (old == wanted)
    return refuse(Refused::kInvalid, "Renaming a container with the same name as its current name");
  {
    const std::lock_guard lock(table_);
    if (const auto taken = names_.find(wanted); taken != names_.end())
      return refuse(Refused::kConflict,
                    fill_in("Conflict. The container name \"/{}\" is already in use by container "
                            "\"{}\". You have to remove (or rename) that container to be able to "
                            "reuse that name.",
                            wanted, taken->second));
    names_[wanted] = entry->id;
  }
  container.name = wanted;
  if (const auto saved = save_config(*entry, true); !saved) {
    container.name = old;
    const std::lock_guard lock(table_);
    names_.erase(wanted);
    return std::unexpected(model::Refusal(saved.error()));
  }
  {
    const std::lock_guard lock(table_);
    names_.erase(old);
  }
  networks_->rename(entry->id, wanted);
  publish(*entry);
  tell_about(container, "rename", {{"oldName", "/" + old}});
  return {};
}

Answer<std::vector<std::string>> EngineImpl::update(std::string_view reference,
                                                    const model::UpdateRequest& request) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  const Lock held = PLIMSOLL_TRY(lock(*entry));
  Container& container = entry->stored.container;
  model::HostConfig& host = container.definition.host;
  if (entry->stored.phase == Stored::Phase::kRemoving)
    return refuse(Refused::kConflict,
                  fill_in("Cannot update container {}: Container is marked for removal and cannot "
                          "be \"update\".",
                          entry->id));
  if (request.restart_policy && !request.restart_policy->name.empty() &&
      request.restart_policy->name != "no" && host.auto_remove)
    return refuse(Refused::kConflict,
                  fill_in("Cannot update container {}: Restart policy cannot be updated because "
                          "AutoRemove is enabled for the container",
                          entry->id));
  const model::Resources next = PLIMSOLL_TRY(updated(entry->id, host.resources, request.resources));
  const model::HostConfig before = host;
  if (entry->run) {
    const spec::Resources limits = PLIMSOLL_TRY(resources_of(next, cgroup_version_));
    if (const auto done = runtime::update(*host_, entry->id, limits); !done)
      return refuse(
          done.error().kind == ErrorKind::kInvalidInput ? Refused::kInvalid : Refused::kFailed,
          fill_in("Cannot update container {}: {}", entry->id, done.error().message()));
  }
  host.resources = next;
  if (request.restart_policy && !request.restart_policy->name.empty())
    host.restart_policy = *request.restart_policy;
  if (const auto saved = save_config(*entry, true); !saved) {
    host = before;
    return std::unexpected(model::Refusal(saved.error()));
  }
  publish(*entry);
  tell_about(container, "update");
  return std::vector<std::string>();
}

Answer<> EngineImpl::resize(std::string_view reference, unsigned height, unsigned width) {
  const EntryPtr entry = PLIMSOLL_TRY(entry_of(reference));
  std::shared_ptr<Run> run;
  {
    const Lock held = PLIMSOLL_TRY(lock(*entry));
    run = entry->run;
  }
  if (!run) return not_running(entry->id);
  auto connection = PLIMSOLL_TRY(shim::Connection::connect(run->dir));
  PLIMSOLL_TRY(connection.send(shim::Request::kResize,
                               std::to_string(height) + " " + std::to_string(width)));
  const auto packet = PLIMSOLL_TRY(connection.receive(std::chrono::seconds(10)));
  if (packet.answer != shim::Answer::kDone) return refuse(Refused::kFailed, packet.content);
  tell_about(*seen_of(*entry), "resize",
             {{"height", std::to_string(height)}, {"width", std::to_string(width)}});
  return {};
}

}  // namespace plimsoll::engine
