// For tests of the planner: hosts with a few groups, written down. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cgroupfs/limit/value.h"
#include "cgroupfs/limit/view.h"

namespace plimsoll::limit {

// What a new group has on this version.
inline std::vector<FileText> fresh_files(int version) {
  if (version == 1)
    return {{"cpu.shares", "1024"},
            {"cpu.idle", "0"},
            {"cpu.cfs_quota_us", "-1"},
            {"cpu.cfs_period_us", "100000"},
            {"cpu.cfs_burst_us", "0"},
            {"cpuset.cpus", "0-3"},
            {"cpuset.mems", "0"},
            {"memory.limit_in_bytes", "9223372036854771712"},
            {"memory.memsw.limit_in_bytes", "9223372036854771712"},
            {"memory.soft_limit_in_bytes", "9223372036854771712"},
            {"memory.swappiness", "60"},
            {"memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0"},
            {"pids.max", "max"},
            {"blkio.throttle.read_bps_device", ""},
            {"blkio.throttle.write_bps_device", ""},
            {"blkio.throttle.read_iops_device", ""},
            {"blkio.throttle.write_iops_device", ""},
            {"blkio.bfq.weight", "100"},
            {"blkio.bfq.weight_device", "default 100"},
            {"hugetlb.2MB.limit_in_bytes", "9223372036852678656"},
            {"freezer.state", "THAWED"},
            {"freezer.self_freezing", "0"}};
  return {{"cgroup.controllers", "cpuset cpu io memory hugetlb pids"},
          {"cgroup.subtree_control", "cpuset cpu io memory hugetlb pids"},
          {"cgroup.type", "domain"},
          {"cgroup.freeze", "0"},
          {"cpu.weight", "100"},
          {"cpu.idle", "0"},
          {"cpu.max", "max 100000"},
          {"cpu.max.burst", "0"},
          {"cpuset.cpus", ""},
          {"cpuset.cpus.effective", "0-3"},
          {"cpuset.mems", ""},
          {"cpuset.mems.effective", "0"},
          {"memory.min", "0"},
          {"memory.low", "0"},
          {"memory.high", "max"},
          {"memory.max", "max"},
          {"memory.swap.max", "max"},
          {"memory.oom.group", "0"},
          {"pids.max", "max"},
          {"io.max", ""},
          {"io.weight", "default 100"},
          {"io.bfq.weight", "default 100"},
          {"hugetlb.2MB.max", "max"}};
}

// A host of one version with the root and groups below it, parents first: {"/a", "/a/b"}.
class ViewOf {
 public:
  ViewOf(int version, const std::vector<std::string>& paths) {
    using cgroupfs::Controller;
    for (const Controller controller :
         {Controller::kCpu, Controller::kCpuset, Controller::kMemory, Controller::kIo,
          Controller::kPids, Controller::kHugetlb, Controller::kFreezer})
      if (version == 1 || controller != Controller::kFreezer)
        view_.controllers[static_cast<std::size_t>(controller)] = {version, 0};
    if (version == 2) view_.unified = 0;
    view_.cpus = IdSet{{0, 3}};
    view_.mems = IdSet{{0, 0}};
    view_.cpu_ids = 4;
    view_.huge_page_sizes = {"2MB"};
    view_.devices = {{{8, 0}, true, true, true}, {{8, 1}, false, false, false}};
    add("/", version);
    if (version == 2) set("/", "cgroup.subtree_control", "cpuset cpu io memory hugetlb pids");
    for (const std::string& path : paths) add(path, version);
  }
  ViewOf& set(const std::string& group, const std::string& file, const std::string& text) {
    auto& files = view_.groups[*view_.index_of(group)].files;
    const auto found = std::ranges::find(files, file, &FileText::name);
    if (found == files.end())
      files.push_back({file, text});
    else
      found->text = text;
    return *this;
  }
  ViewOf& without(const std::string& group, const std::string& file) {
    std::erase_if(view_.groups[*view_.index_of(group)].files,
                  [&](const FileText& one) { return one.name == file; });
    return *this;
  }
  ViewOf& populated(const std::string& group) {
    view_.groups[*view_.index_of(group)].processes.set(0);
    return *this;
  }
  ViewOf& managed(const std::string& group, const std::string& by) {
    view_.groups[*view_.index_of(group)].manager = by;
    return *this;
  }
  [[nodiscard]] const KernelView& view() const { return view_; }

 private:
  void add(const std::string& path, int version) {
    GroupView group;
    group.path = path;
    group.inode[0] = 100 + view_.groups.size();
    if (path != "/") {
      const std::size_t slash = path.rfind('/');
      group.parent = view_.index_of(slash == 0 ? "/" : path.substr(0, slash));
      group.files = fresh_files(version);
    } else if (version == 1) {
      group.files = {{"cpuset.cpus", "0-3"}, {"cpuset.mems", "0"}, {"memory.swappiness", "60"}};
    } else {
      group.files = {{"cgroup.controllers", "cpuset cpu io memory hugetlb pids"},
                     {"cgroup.subtree_control", ""},
                     {"io.cost.qos", ""},
                     {"cpuset.cpus.effective", "0-3"}};
    }
    view_.groups.push_back(std::move(group));
  }

  KernelView view_;
};

// {"memory.max=64M", "pids=100", "cpus=unset"}; "io.rbps=8:0=1M".
inline Limits limits_of(std::initializer_list<std::string_view> texts) {
  Limits limits;
  for (const std::string_view text : texts) {
    const std::size_t equals = text.find('=');
    const Knob knob = *knob_named(text.substr(0, equals));
    const std::string_view value = text.substr(equals + 1);
    const bool unset = value == "unset" || value.ends_with("=unset");
    const std::string_view detail =
        unset && value != "unset" ? value.substr(0, value.find('=')) : "";
    const auto setting = unset ? parse_unset(knob, detail) : parse_setting(knob, value);
    PLIMSOLL_CHECK(setting.has_value());
    limits = *with(limits, *setting);
  }
  return limits;
}

}  // namespace plimsoll::limit
