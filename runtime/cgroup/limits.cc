#include "runtime/cgroup/limits.h"

#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "cgroupfs/limit/apply.h"
#include "cgroupfs/limit/plan.h"
#include "cgroupfs/limit/read_view.h"
#include "cgroupfs/limit/rules.h"
#include "cgroupfs/tree/group_path.h"
#include "runtime/cgroup/asked.h"
#include "runtime/cgroup/group_files.h"

namespace plimsoll::runtime {
namespace {

using cgroupfs::Controller;
using limit::Knob;

// Limits whose writes depend on nothing but the group's own files.
constexpr Knob kPlain[] = {Knob::kCpuWeight,  Knob::kCpuShares, Knob::kCpuQuota,  Knob::kCpuPeriod,
                           Knob::kCpuBurst,   Knob::kCpuIdle,   Knob::kMemoryLow, Knob::kMemoryMax,
                           Knob::kMemorySwap, Knob::kPidsMax};

bool is_plain(const limit::Setting& setting) {
  return std::ranges::find(kPlain, setting.knob) != std::end(kPlain);
}

// What the files of a group just made say, from the catalogue.
limit::KernelView new_view(const cgroupfs::Layout& layout, const std::string& group,
                           std::span<const limit::Setting> settings) {
  limit::KernelView view;
  view.unified = layout.unified();
  view.page_size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  limit::GroupView& only = view.groups.emplace_back();
  only.path = group;
  only.inode.fill(1);
  for (const Knob knob : kPlain) {
    const limit::KnobInfo& info = limit::info_of(knob);
    const auto hierarchy = layout.of(info.controller);
    const bool asked = std::ranges::any_of(settings, [&](const limit::Setting& setting) {
      return limit::info_of(setting.knob).controller == info.controller;
    });
    if (!asked || !hierarchy) continue;
    const int version = layout.hierarchies[*hierarchy].version;
    view.controllers[static_cast<std::size_t>(info.controller)] = {version, *hierarchy};
    const std::string_view file = version == 1 ? info.file_v1 : info.file_v2;
    if (!file.empty() && only.find(file) == nullptr)
      only.files.push_back(
          {std::string(file), std::string(version == 1 ? info.default_v1 : info.default_v2)});
  }
  return view;
}

limit::PlanOptions options() {
  return {.v1_write_caps = limit::PlanOptions::DirectIo::kAccept,
          .managed = limit::PlanOptions::Managed::kWrite};
}

// Why not, in one line: refusals, and writes that the kernel would not take.
Result<> check(const limit::Plan& plan) {
  if (plan.ok()) return {};
  std::string why;
  const auto add = [&](const std::string& reason) {
    if (!why.empty()) why += "; ";
    why += reason;
  };
  for (const limit::Refusal& refusal : plan.refusals)
    add(std::string(limit::name_of(refusal.knob)) + " " + refusal.reason);
  for (const limit::Write& write : plan.writes)
    if (write.predicted_errno != 0) add(write.file + ": " + write.reason);
  return failure(ErrorKind::kRejected, "limit", why);
}

Result<limit::Plan> plan_after_reading(const CgroupHost& host, const limit::Wanted& wanted) {
  const limit::KernelView view = PLIMSOLL_TRY(
      limit::read_view(host.layout, host.sys, std::span<const std::string>(&wanted.cgroup, 1)));
  limit::Plan plan = limit::make_plan(view, std::span(&wanted, 1), options());
  PLIMSOLL_TRY(check(plan));
  return plan;
}

Result<> run(const CgroupHost& host, const limit::Plan& plan) {
  GroupFiles files(host.layout);
  limit::Applied applied = limit::apply(plan, files);
  if (applied.end == limit::Applied::End::kDone) return {};
  Error error = applied.error ? *std::move(applied.error)
                              : failure(ErrorKind::kIo, "limit", "not applied").error();
  if (applied.end == limit::Applied::End::kStuck)
    error.subject += " (and what was written before could not be taken back)";
  return std::unexpected(std::move(error));
}

Result<> write_planned(const CgroupHost& host, const limit::Wanted& wanted, GroupAge age) {
  const std::vector<limit::Setting> settings = limit::settings_of(wanted.limits);
  if (settings.empty()) return {};
  if (age == GroupAge::kUsed || !std::ranges::all_of(settings, is_plain))
    return run(host, PLIMSOLL_TRY(plan_after_reading(host, wanted)));
  const limit::KernelView view = new_view(host.layout, wanted.cgroup, settings);
  const limit::Plan plan = limit::make_plan(view, std::span(&wanted, 1), options());
  PLIMSOLL_TRY(check(plan));
  auto done = run(host, plan);
  // The view knew nothing of the ancestors: the whole one can tell what stood in the way.
  if (!done) PLIMSOLL_TRY(plan_after_reading(host, wanted));
  return done;
}

Result<AskedFacts> facts_of(const CgroupHost& host, const std::string& group,
                            const spec::Resources& resources) {
  AskedFacts facts;
  const std::string below = cgroupfs::relative(group) + "/";
  const auto io = host.layout.of(Controller::kIo);
  if (io && resources.block_io &&
      (resources.block_io->weight || !resources.block_io->weight_device.empty())) {
    const cgroupfs::Hierarchy& hierarchy = host.layout.hierarchies[*io];
    const char* file = hierarchy.version == 1 ? "blkio.bfq.weight" : "io.bfq.weight";
    if (::faccessat(hierarchy.dir.get(), (below + file).c_str(), F_OK, 0) == 0)
      facts.weights = AskedFacts::Weights::kBfq;
  }
  const auto memory = host.layout.of(Controller::kMemory);
  const auto& wanted = resources.memory;
  if (memory && wanted && wanted->swap.value_or(0) > 0 && wanted->limit.value_or(0) == 0) {
    const int version = host.layout.hierarchies[*memory].version;
    GroupFiles files(host.layout);
    const std::string now = PLIMSOLL_TRY(
        files.read({group, *memory, 0}, version == 1 ? "memory.limit_in_bytes" : "memory.max"));
    // v1 says "no limit" as the greatest number of whole pages.
    constexpr std::uint64_t kNone = 0x7fff'ffff'ffff'0000;
    if (const auto bytes = to_number<std::uint64_t>(now); bytes && *bytes < kNone)
      facts.memory = Limit(limit::Bytes{*bytes});
  }
  return facts;
}

// Without accounting of swap there is no file to bound it; who asks for no bound, or on v2 for no
// swap, has that anyway. Engines ask so by default.
void drop_moot_swap(const CgroupHost& host, const std::string& group, limit::Limits& limits) {
  const auto memory = host.layout.of(Controller::kMemory);
  if (!memory || !limits.memory_swap.has_value()) return;
  const cgroupfs::Hierarchy& hierarchy = host.layout.hierarchies[*memory];
  const auto& swap = limits.memory_swap.value();
  const bool moot = swap.is_none() || (hierarchy.version == 2 && swap.value().count == 0);
  const limit::KnobInfo& info = limit::info_of(Knob::kMemorySwap);
  const std::string file = cgroupfs::relative(group) + "/" +
                           std::string(hierarchy.version == 1 ? info.file_v1 : info.file_v2);
  if (moot && ::faccessat(hierarchy.dir.get(), file.c_str(), F_OK, 0) != 0) limits.memory_swap = {};
}

}  // namespace

Result<limit::Limits> limits_of(const CgroupHost& host, const std::string& group,
                                const spec::Resources& resources) {
  const AskedFacts facts = PLIMSOLL_TRY(facts_of(host, group, resources));
  Asked asked = PLIMSOLL_TRY(asked_of(resources, host.layout, facts));
  return std::move(asked.limits);
}

Result<> write_limits(const CgroupHost& host, const std::string& group,
                      const spec::Resources& resources, GroupAge age) {
  const AskedFacts facts = PLIMSOLL_TRY(facts_of(host, group, resources));
  Asked asked = PLIMSOLL_TRY(asked_of(resources, host.layout, facts));
  drop_moot_swap(host, group, asked.limits);
  PLIMSOLL_TRY(write_planned(host, {group, std::move(asked.limits)}, age));
  for (const DirectWrite& write : asked.direct)
    PLIMSOLL_TRY(write_once(host.layout.hierarchies[write.hierarchy].dir,
                            cgroupfs::relative(group) + "/" + write.file, write.text));
  return {};
}

}  // namespace plimsoll::runtime
