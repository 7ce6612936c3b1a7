// The machine that is the kernel: cgroup hierarchies, the inventory, /proc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/tree.h"
#include "control/service/machine.h"
#include "inventory/inventory.h"

namespace plimsoll::control {

struct MachineOptions {
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string proc_root = "/proc";
  std::string sys_root = "/sys";
  inventory::InventoryOptions inventory;  // Its host_root is also where systemd is looked for.
  // Puts questions to runtimes' sockets, on another thread; the answers go to answer().
  std::function<void(inventory::Question)> ask;
};

// A group by itself: what is left of it when it is gone.
struct KnownGroup {
  cgroupfs::Cgroup cgroup;
  inventory::IdentityPtr identity;
};

// What happened to the groups since the last call.
struct GroupNews {
  std::vector<KnownGroup> added;
  std::vector<KnownGroup> changed;  // Joined or left a hierarchy, or are somebody else now.
  std::vector<KnownGroup> written;  // Somebody wrote a control file.
  std::vector<KnownGroup> removed;
};

class HostMachine final : public Machine {
 public:
  // `clock` must outlive it; so must `manager`, which may be null.
  [[nodiscard]] static Result<std::unique_ptr<HostMachine>> open(MachineOptions options,
                                                                 const Clock& clock,
                                                                 ManagerPort* manager);

  [[nodiscard]] Result<std::vector<Target>> targets() override;
  [[nodiscard]] Result<std::vector<Target>> targets_at(const std::string& path) override;
  using Machine::view;
  [[nodiscard]] Result<limit::KernelView> view(std::span<const std::string> groups,
                                               const cgroupfs::ControllerSet& controllers) override;
  [[nodiscard]] std::unique_ptr<limit::KernelPort> port() override;
  [[nodiscard]] const ManagerPort* manager() const override {
    return runs_systemd_ ? manager_ : nullptr;
  }
  [[nodiscard]] limit::Host host() override;
  [[nodiscard]] std::uint64_t free_swap() override;
  [[nodiscard]] Moment now() override { return control::now(boot_id_); }

  // For one caller: whoever asks gets each piece of news once.
  [[nodiscard]] GroupNews news();
  // How long whoever asks for news may rest when nothing notifies: what comes without (renames,
  // metadata that is late, groups in directories without a watch) is then news at the latest.
  [[nodiscard]] std::chrono::nanoseconds longest_rest();
  // Readable when there may be news; -1: look from time to time.
  [[nodiscard]] int notification_fd() const { return tree_->notification_fd(); }
  void answer(const inventory::Question& question, const Result<std::string>& body);

  [[nodiscard]] const cgroupfs::Layout& layout() const { return layout_; }
  [[nodiscard]] const HostRoots& roots() const { return roots_; }
  [[nodiscard]] bool runs_systemd() const { return runs_systemd_; }

 private:
  HostMachine(MachineOptions options, const Clock& clock, ManagerPort* manager)
      : options_(std::move(options)), clock_(clock), manager_(manager) {}
  Result<> open_host();
  void update();  // With mutex_ held.
  [[nodiscard]] inventory::IdentityPtr identify(const cgroupfs::Cgroup& cgroup);
  void look_who_it_is(std::uint64_t serial);
  [[nodiscard]] Target target_of(const cgroupfs::Cgroup& cgroup);

  const MachineOptions options_;
  const Clock& clock_;
  ManagerPort* const manager_;
  bool runs_systemd_ = false;
  std::string boot_id_;
  HostRoots roots_;
  cgroupfs::Layout layout_;

  // Requests and the keeper's thread look at the tree in turn: whoever comes updates it.
  std::mutex mutex_;
  std::unique_ptr<cgroupfs::CgroupTree> tree_;
  std::unique_ptr<inventory::Inventory> inventory_;
  struct Member {
    const cgroupfs::Cgroup* cgroup = nullptr;
    inventory::IdentityPtr identity;  // As it was told in the news.
  };
  std::unordered_map<std::uint64_t, Member> members_;  // By serial.
  std::unordered_map<std::string, std::uint64_t> by_path_;
  std::unordered_set<std::uint64_t> pending_;  // Members whose metadata is not there yet.
  MonoTime all_looked_at_;
  MonoTime joined_at_;  // The last group.
  GroupNews news_;
};

// Of PROC/meminfo: "SwapFree:        1048572 kB", in bytes. Nothing: there is no such line. Pure.
[[nodiscard]] std::optional<std::uint64_t> meminfo_bytes(std::string_view meminfo,
                                                         std::string_view key);

}  // namespace plimsoll::control
