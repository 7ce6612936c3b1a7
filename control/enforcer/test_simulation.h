// For tests: a host whose kernel and disk are models, with one engine that can be killed at any of
// its calls, and everything that must hold afterwards.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/limit/fake_kernel.h"
#include "control/enforcer/enforcer.h"
#include "control/enforcer/test_scenes.h"
#include "control/journal/test_changes.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {

// What becomes of one call, of the kernel's or the disk's.
struct Event {
  enum class What { kNothing, kFails, kFailsAfterwards, kKilledBefore, kKilledAfter, kStranger };
  What what = What::kNothing;
  int os_error = 0;
  std::size_t torn = 0;   // Bytes of an append that are there after a kill.
  std::size_t which = 0;  // kStranger: the write of the plan whose file somebody else writes.
};
using Events = std::function<Event(std::size_t call)>;

class SimulatedKernel final : public limit::KernelPort {
 public:
  explicit SimulatedKernel(const Scene& scene) : scene_(scene), kernel_(scene.before) {}

  Events events;
  std::size_t calls = 0;
  std::set<std::string> strangers;  // "/a memory.max": files that somebody else has written.
  std::set<std::string> ours;       // And those that the engine has.
  std::size_t outside = 0;          // Of them, not in the plan.

  Result<std::string> read(const limit::Place& place, const std::string& file) override {
    const Event event = next();
    if (vanishes(place, event)) return os_failure("read", file, ENODEV);
    if (event.what == Event::What::kFails || event.what == Event::What::kFailsAfterwards)
      return os_failure("read", file, event.os_error);
    if (event.what == Event::What::kKilledAfter) throw Killed{};
    return kernel_.read(place, file);
  }
  Result<> write(const limit::Place& place, const std::string& file,
                 std::string_view text) override {
    const Event event = next();
    if (vanishes(place, event)) return os_failure("write", file, ENODEV);
    if (event.what == Event::What::kFails) return os_failure("write", file, event.os_error);
    auto written = kernel_.write(place, file, text);
    if (written) remember(place, file);
    if (event.what == Event::What::kKilledAfter) throw Killed{};
    // The kernel did it and says no all the same: a signal after the fact.
    if (event.what == Event::What::kFailsAfterwards)
      return os_failure("write", file, event.os_error);
    return written;
  }
  [[nodiscard]] const limit::KernelView& view() const { return kernel_.model().view(); }
  [[nodiscard]] bool any_gone() const { return !gone_.empty(); }
  [[nodiscard]] bool is_gone(const std::string& group) const {
    return std::ranges::any_of(gone_, [&](const std::string& gone) {
      return group == gone || group.starts_with(gone + "/");
    });
  }

 private:
  // ENODEV is what a removed group says, and no other does.
  bool vanishes(const limit::Place& place, const Event& event) {
    const bool fails =
        event.what == Event::What::kFails || event.what == Event::What::kFailsAfterwards;
    if (fails && event.os_error == ENODEV) gone_.insert(place.cgroup);
    return is_gone(place.cgroup);
  }
  Event next() {
    const Event event = events ? events(calls++) : (++calls, Event{});
    if (event.what == Event::What::kKilledBefore) throw Killed{};
    if (event.what == Event::What::kStranger) write_as_stranger(event.which);
    return event;
  }
  void write_as_stranger(std::size_t which) {
    const limit::Write& write = scene_.plan.writes[which % scene_.plan.writes.size()];
    // A value that is neither the old nor the new one, for the files that have one.
    std::string_view text;
    for (const auto& [file, foreign] :
         {std::pair<std::string_view, std::string_view>{"memory.max", "33554432"},
          {"memory.limit_in_bytes", "33554432"},
          {"pids.max", "77"},
          {"cpu.weight", "77"},
          {"cpu.shares", "77"}})
      if (write.file == file) text = foreign;
    if (!text.empty() && kernel_.write(write.at, write.file, text))
      strangers.insert(write.at.cgroup + " " + write.file);
  }
  void remember(const limit::Place& place, const std::string& file) {
    ours.insert(place.cgroup + " " + file);
    const bool planned = std::ranges::any_of(scene_.plan.writes, [&](const limit::Write& write) {
      return write.at == place &&
             (write.file == file ||
              std::ranges::any_of(write.undo, [&](const auto& undo) { return undo.file == file; }));
    });
    outside += planned ? 0 : 1;
  }

  const Scene& scene_;
  limit::FakeKernel kernel_;
  std::set<std::string> gone_;
};

class Simulation {
 public:
  explicit Simulation(const Scene& scene) : scene_(scene), kernel(scene) {}

 private:
  const Scene& scene_;

 public:
  SimulatedKernel kernel;
  FakeStore store;
  Events disk_events;
  std::size_t disk_calls = 0;
  std::vector<Outcome> outcomes;  // Of the scene's parts; empty: killed before they were there.

  // One life of the engine: it starts, recovers, and carries the plan out if it is asked to. False:
  // it was killed.
  bool live(bool with_plan) {
    store.before = [this](FakeStore::Call call) { return fate(call); };
    try {
      const Moment now = moment_at(std::chrono::seconds(++lives_));
      auto journal = Journal::open(store, now);
      auto audit = AuditLog::open(store, now.wall);
      if (!journal || !audit) return true;
      Enforcer enforcer(**journal, **audit);
      enforcer.recover(kernel, now);
      if (!with_plan) return true;
      const Order order{.cause = {.uid = 1, .pid = 2, .comm = "test", .rule = "request"},
                        .now = now};
      std::vector<Change> changes;
      changes.reserve(scene_.parts.size());
      for (const limit::Plan& part : scene_.parts) changes.push_back({&part, &order});
      outcomes = enforcer.run_all(changes, kernel);
      return true;
    } catch (const Killed&) {
      return false;
    }
  }
  // Nothing goes wrong any longer.
  void calm() {
    kernel.events = nullptr;
    disk_events = nullptr;
  }

  // After a life in peace. Says what does not hold; empty: all does.
  std::string check() {
    std::string wrong;
    // Said by the run, or by a recovery that was killed later.
    const bool stuck =
        std::ranges::any_of(outcomes,
                            [](const Outcome& outcome) {
                              return outcome.applied.end == limit::Applied::End::kStuck;
                            }) ||
        store.files["audit.log"].find("\"result\":\"stuck\"") != std::string::npos;
    for (std::size_t part = 0; part < scene_.parts.size(); ++part) {
      const std::string differs_old = difference(scene_.before, part);
      const std::string differs_new = difference(scene_.after, part);
      const Outcome* const outcome = outcomes.empty() ? nullptr : &outcomes[part];
      if (!differs_old.empty() && !differs_new.empty() && !stuck)
        wrong += "neither old (" + differs_old + ") nor new (" + differs_new + "); ";
      if (outcome != nullptr && outcome->done() && !differs_new.empty())
        wrong += "done, but " + differs_new;
      if (outcome != nullptr && !outcome->done() && !stuck && !differs_old.empty())
        wrong += "not done, but " + differs_old;
    }
    if (kernel.outside != 0) wrong += "wrote outside of the plan; ";
    const auto span = verify_audit(store);
    if (!span) wrong += span.error().message() + "; ";
    for (const std::string& ours : kernel.ours)
      if (!in_audit(ours)) wrong += ours + " is not in the audit log; ";
    const auto journal = Journal::open(store, moment_at(std::chrono::seconds(++lives_)));
    if (!journal) return wrong + journal.error().message();
    if (!(*journal)->state().open().empty()) wrong += "a change is still open; ";
    if (!stuck && kernel.strangers.empty() && !kernel.any_gone() &&
        (*journal)->state().found().empty() != is_old())
      wrong += std::to_string((*journal)->state().found().size()) + " values found, but it is " +
               (is_old() ? "old; " : "new; ");
    return wrong;
  }
  [[nodiscard]] bool is_old() const { return difference(scene_.before, std::nullopt).empty(); }
  [[nodiscard]] bool all_done() const {
    return !outcomes.empty() && std::ranges::all_of(outcomes, &Outcome::done);
  }

 private:
  FakeStore::Fate fate(FakeStore::Call call) {
    const std::size_t index = disk_calls++;
    if (!disk_events) return {};
    const Event event = disk_events(index);
    switch (event.what) {
      case Event::What::kFails:
      case Event::What::kFailsAfterwards:
        return {.os_error = event.os_error};
      case Event::What::kKilledBefore:
        return {.killed_after = 0};
      case Event::What::kKilledAfter:
        return {.killed_after = call == FakeStore::Call::kAppend ? event.torn : 0};
      default:
        return {};
    }
  }
  // The first file that is not as in `view`, strangers' files aside; of the groups of one part.
  [[nodiscard]] std::string difference(const limit::KernelView& view,
                                       std::optional<std::size_t> part) const {
    const limit::KernelView& now = kernel.view();
    for (std::size_t group = 0; group < view.groups.size(); ++group) {
      if (part && scene_.parts.size() > 1 &&
          scene_.parts[*part].writes.front().at.cgroup != view.groups[group].path)
        continue;
      for (std::size_t i = 0; i < view.groups[group].files.size(); ++i) {
        const limit::FileText& then = view.groups[group].files[i];
        const limit::FileText& is = now.groups[group].files[i];
        if (limit::same_text(then.name, then.text, is.text) || written_by_idle(then.name)) continue;
        const std::string name = view.groups[group].path + " " + then.name;
        if (!kernel.strangers.contains(name) && !kernel.is_gone(view.groups[group].path))
          return name + " is " + is.text;
      }
    }
    return {};
  }
  // What a stranger's weight does to cpu.idle and back is his affair.
  [[nodiscard]] bool written_by_idle(const std::string& file) const {
    return !kernel.strangers.empty() &&
           (file == "cpu.idle" || file == "cpu.weight" || file == "cpu.shares");
  }
  // "/a memory.max"
  [[nodiscard]] bool in_audit(const std::string& ours) const {
    const std::size_t blank = ours.find(' ');
    const auto file = store.files.find("audit.log");
    if (file == store.files.end()) return false;
    const std::string& log = file->second;
    const std::string name = "\"file\":\"" + ours.substr(blank + 1) + "\"";
    if (log.find(name) != std::string::npos) return true;
    // A side effect's way back is part of another file's line.
    return std::ranges::any_of(scene_.plan.writes, [&](const limit::Write& write) {
      return write.undo.size() > 1 &&
             log.find("\"file\":\"" + write.file + "\"") != std::string::npos;
    });
  }

  int lives_ = 0;
};

}  // namespace plimsoll::control
