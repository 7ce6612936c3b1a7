// For tests: a machine whose kernel is a model.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/limit/fake_kernel.h"
#include "control/service/machine.h"

namespace plimsoll::control {

class FakeMachine final : public Machine {
 public:
  explicit FakeMachine(limit::KernelView view) : kernel_(std::move(view)) {}

  std::vector<Target> known;  // The groups that have a name; the others have their path alone.
  std::map<std::string, std::string> managers;  // By the paths of groups.
  Moment at{.boot_id = "one boot"};
  std::uint64_t swap = 0;
  std::size_t views = 0;             // How often somebody has read one.
  std::function<void()> after_view;  // Once, after the next has been read.
  const ManagerPort* way_to_manager = nullptr;

  Result<std::vector<Target>> targets() override {
    std::vector<Target> targets = known;
    for (const limit::GroupView& group : kernel_.model().view().groups)
      targets.push_back({.runtime = "cgroup", .cgroup = group.path});
    return targets;
  }
  Result<std::vector<Target>> targets_at(const std::string& path) override {
    std::vector<Target> targets = PLIMSOLL_TRY(this->targets());
    std::erase_if(targets, [&](const Target& target) { return target.cgroup != path; });
    return targets;
  }
  using Machine::view;
  Result<limit::KernelView> view(std::span<const std::string> /*groups*/,
                                 const cgroupfs::ControllerSet& /*controllers*/) override {
    ++views;
    limit::KernelView view = kernel_.model().view();
    for (const auto& [path, by] : managers)
      if (const auto group = view.index_of(path)) view.groups[*group].manager = by;
    if (const auto hook = std::exchange(after_view, nullptr)) hook();
    return view;
  }
  std::unique_ptr<limit::KernelPort> port() override { return std::make_unique<Port>(kernel_); }
  const ManagerPort* manager() const override { return way_to_manager; }
  limit::Host host() override { return {}; }
  std::uint64_t free_swap() override { return swap; }
  Moment now() override { return at; }

  [[nodiscard]] limit::FakeKernel& kernel() { return kernel_; }
  // What a file says now; "(none)" without one.
  [[nodiscard]] std::string text(const std::string& group, const std::string& file) {
    const auto index = kernel_.model().view().index_of(group);
    const std::string* text = index ? kernel_.model().text(*index, file) : nullptr;
    return text == nullptr ? "(none)" : *text;
  }
  // As somebody else does.
  void write(const std::string& group, const std::string& file, std::string_view text) {
    const auto index = kernel_.model().view().index_of(group);
    std::ignore =
        kernel_.write({group, 0, kernel_.model().view().groups[*index].inode[0]}, file, text);
  }
  void advance(std::chrono::nanoseconds by) {
    at.since_boot += by;
    at.wall += by;
  }

 private:
  class Port final : public limit::KernelPort {
   public:
    explicit Port(limit::FakeKernel& kernel) : kernel_(kernel) {}
    Result<std::string> read(const limit::Place& place, const std::string& file) override {
      return kernel_.read(place, file);
    }
    Result<> write(const limit::Place& place, const std::string& file,
                   std::string_view text) override {
      return kernel_.write(place, file, text);
    }

   private:
    limit::FakeKernel& kernel_;
  };

  limit::FakeKernel kernel_;
};

}  // namespace plimsoll::control
