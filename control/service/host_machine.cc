#include "control/service/host_machine.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/limit/read_view.h"
#include "control/service/managed.h"

namespace plimsoll::control {
namespace {

constexpr std::chrono::seconds kSoon{2};
constexpr std::chrono::seconds kRenames{10};
constexpr std::chrono::seconds kAllAtMost{1};
constexpr std::chrono::seconds kStarting{15};
// All that notifications leave out where every directory has a watch is nothing that we know of;
// walking 500 containers in eleven hierarchies takes 0.3 s.
constexpr std::chrono::minutes kVerifyTree{10};

bool is_pending(const inventory::IdentityPtr& identity) {
  return identity->metadata == inventory::Metadata::kPending;
}

// As sd_booted(3) finds it out.
bool is_there(const std::string& path) {
  struct stat facts{};
  return ::lstat(path.c_str(), &facts) == 0;
}

}  // namespace

std::optional<std::uint64_t> meminfo_bytes(std::string_view meminfo, std::string_view key) {
  for (std::string_view line; next_line(meminfo, line);) {
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with(':')) continue;
    line.remove_prefix(key.size() + 1);
    std::string_view number;
    if (!next_word(line, number)) return std::nullopt;
    const auto kibibytes = to_number<std::uint64_t>(number);
    return kibibytes ? std::optional(*kibibytes * 1024) : std::nullopt;
  }
  return std::nullopt;
}

Result<std::unique_ptr<HostMachine>> HostMachine::open(MachineOptions options, const Clock& clock,
                                                       ManagerPort* manager) {
  std::unique_ptr<HostMachine> machine(new HostMachine(std::move(options), clock, manager));
  PLIMSOLL_TRY(machine->open_host());
  return machine;
}

Result<> HostMachine::open_host() {
  roots_ = PLIMSOLL_TRY(open_roots(options_.cgroup_root.c_str(), options_.proc_root.c_str(),
                                   options_.sys_root.c_str()));
  boot_id_ = PLIMSOLL_TRY(read_boot_id(roots_.proc));
  const std::string mountinfo =
      PLIMSOLL_TRY(in(options_.proc_root, read_file_at(roots_.proc, "self/mountinfo")));
  layout_ = PLIMSOLL_TRY(cgroupfs::open_layout(mountinfo, roots_.cgroup, options_.cgroup_root));
  runs_systemd_ = is_there(options_.inventory.host_root + "/run/systemd/system");
  cgroupfs::TreeOptions tree;
  tree.rescan_interval = kVerifyTree;
  if (const auto stat = read_file_at(roots_.proc, "stat"))
    if (const auto boot = cgroupfs::parse_boot_time(*stat)) tree.boot = *boot;
  tree_ = PLIMSOLL_TRY(cgroupfs::CgroupTree::create(layout_, clock_, tree));
  inventory_ = inventory::Inventory::create(roots_.proc, clock_, options_.inventory, options_.ask);
  return {};
}

inventory::IdentityPtr HostMachine::identify(const cgroupfs::Cgroup& cgroup) {
  return inventory_->identify(cgroup);
}

void HostMachine::update() {
  const cgroupfs::TreeChanges changes = tree_->update();
  for (const cgroupfs::Cgroup* cgroup : changes.added) {
    const Member& member = members_[cgroup->serial] = {cgroup, identify(*cgroup)};
    if (is_pending(member.identity)) pending_.insert(cgroup->serial);
    by_path_.insert_or_assign(cgroup->path, cgroup->serial);
    joined_at_ = clock_.now();
    news_.added.push_back({*cgroup, member.identity});
  }
  for (const cgroupfs::Cgroup* cgroup : changes.changed)
    news_.changed.push_back({*cgroup, members_[cgroup->serial].identity});
  for (const cgroupfs::Cgroup* cgroup : changes.written)
    news_.written.push_back({*cgroup, members_[cgroup->serial].identity});
  for (const auto& cgroup : changes.removed) {
    auto member = members_.extract(cgroup->serial);
    pending_.erase(cgroup->serial);
    // One that was made again has taken its place.
    if (const auto at = by_path_.find(cgroup->path);
        at != by_path_.end() && at->second == cgroup->serial)
      by_path_.erase(at);
    inventory_->forget(cgroup->serial);
    news_.removed.push_back({*cgroup, member ? member.mapped().identity : nullptr});
  }
}

Target HostMachine::target_of(const cgroupfs::Cgroup& cgroup) {
  const inventory::IdentityPtr identity = identify(cgroup);
  Target target;
  target.id = identity->id == cgroup.path ? "" : identity->id;
  target.name = identity->name;
  target.runtime = inventory::name_of(identity->runtime);
  target.cgroup = cgroup.path;
  target.container = identity->is_container();
  if (runs_systemd_)
    if (const auto unit = unit_of(cgroup.path)) target.manager = shown(*unit);
  return target;
}

Result<std::vector<Target>> HostMachine::targets() {
  const std::scoped_lock guard(mutex_);
  update();
  std::vector<Target> targets;
  targets.reserve(members_.size());
  for (const auto& [serial, member] : members_) targets.push_back(target_of(*member.cgroup));
  std::ranges::sort(targets, {}, &Target::cgroup);
  return targets;
}

Result<std::vector<Target>> HostMachine::targets_at(const std::string& path) {
  const std::scoped_lock guard(mutex_);
  update();
  std::vector<Target> targets;
  if (const auto serial = by_path_.find(path); serial != by_path_.end())
    targets.push_back(target_of(*members_.at(serial->second).cgroup));
  return targets;
}

Result<limit::KernelView> HostMachine::view(std::span<const std::string> groups,
                                            const cgroupfs::ControllerSet& controllers) {
  limit::KernelView view = PLIMSOLL_TRY(limit::read_view(layout_, roots_.sys, groups, controllers));
  if (runs_systemd_) name_managers(view);
  return view;
}

std::unique_ptr<limit::KernelPort> HostMachine::port() {
  auto kernel = std::make_unique<limit::CgroupPort>(layout_);
  if (!runs_systemd_ || manager_ == nullptr) return kernel;
  return std::make_unique<ManagedPort>(std::move(kernel), *manager_);
}

limit::Host HostMachine::host() {
  limit::Host host;
  if (const auto meminfo = read_file_at(roots_.proc, "meminfo"))
    host.memory_bytes = meminfo_bytes(*meminfo, "MemTotal");
  if (const auto online = read_file_at(roots_.sys, "devices/system/cpu/online"))
    if (const auto cpus = limit::IdSet::parse(trim(*online))) host.cpus = cpus->size();
  if (const auto pids = read_file_at(roots_.proc, "sys/kernel/pid_max"))
    host.pids = to_number<std::uint64_t>(trim(*pids));
  return host;
}

std::uint64_t HostMachine::free_swap() {
  const auto meminfo = read_file_at(roots_.proc, "meminfo");
  return meminfo ? meminfo_bytes(*meminfo, "SwapFree").value_or(0) : 0;
}

GroupNews HostMachine::news() {
  const std::scoped_lock guard(mutex_);
  update();
  // Metadata that was not there yet, a rename: somebody else as far as rules are concerned. A
  // container that starts writes twenty files: not everybody is looked at for each of them.
  const MonoTime now = clock_.now();
  if (now - all_looked_at_ >= kAllAtMost) {
    all_looked_at_ = now;
    for (const auto& [serial, member] : members_) look_who_it_is(serial);
  } else {
    for (const std::uint64_t serial : std::vector(pending_.begin(), pending_.end()))
      look_who_it_is(serial);
  }
  return std::exchange(news_, {});
}

void HostMachine::look_who_it_is(std::uint64_t serial) {
  Member& member = members_.find(serial)->second;
  inventory::IdentityPtr identity = identify(*member.cgroup);
  if (identity == member.identity) return;
  member.identity = std::move(identity);
  if (!is_pending(member.identity)) pending_.erase(serial);
  news_.changed.push_back({*member.cgroup, member.identity});
}

std::chrono::nanoseconds HostMachine::longest_rest() {
  const std::scoped_lock guard(mutex_);
  // A runtime may write more about a container while it starts.
  const bool late = !pending_.empty() || clock_.now() - joined_at_ < kStarting;
  const bool blind = tree_->notification_fd() < 0 || tree_->stats().watches_refused > 0;
  return late || blind ? kSoon : kRenames;
}

void HostMachine::answer(const inventory::Question& question, const Result<std::string>& body) {
  const std::scoped_lock guard(mutex_);
  inventory_->answer(question, body);
}

}  // namespace plimsoll::control
