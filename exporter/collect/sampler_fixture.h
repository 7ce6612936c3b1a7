// The sampler on a made-up cgroup v2 host: a tree of plain files, a fake clock, Docker's records
// beside it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::exporter {

class SamplerOnFakeHost : public ::testing::Test {
 protected:
  static inline const std::string kId =
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  static inline const std::string kGroup = "cgroup/docker/" + kId;

  SamplerOnFakeHost() {
    host_.write("proc/self/mountinfo",
                "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n");
    host_.write("proc/meminfo", "MemTotal:        8000000 kB\nSwapTotal:             0 kB\n");
    host_.write("proc/stat", "cpu  1 2 3 4 5 6 7 0 0 0\nbtime 1600000000\n");
    host_.write("proc/1/stat", "1 (init) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n");
    host_.write("sys/devices/system/cpu/online", "0-1\n");
    host_.write("cgroup/cgroup.controllers", "cpu memory io pids\n");
    host_.write("cgroup/cgroup.procs", "1\n");
    host_.write("cgroup/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 2000000\n");
    host_.write("cgroup/docker/cgroup.procs", "");
    host_.write("cgroup/docker/cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n");
    add_group(kGroup);
  }

  void add_group(const std::string& group) {
    host_.write(group + "/cgroup.procs", "");
    host_.write(group + "/cgroup.events", "populated 1\nfrozen 0\n");
    set_cpu(group, 1'000'000);
    set_memory(group, 10 << 20);
    host_.write(group + "/memory.stat",
                "anon 4096\nfile 8192\ninactive_file 4096\nactive_file 4096\npgfault 5\n");
    host_.write(group + "/memory.max", "max\n");
    host_.write(group + "/cpu.max", "50000 100000\n");
    host_.write(group + "/pids.current", "3\n");
    host_.write(group + "/pids.max", "max\n");
  }
  void set_cpu(const std::string& group, std::uint64_t usec) {
    host_.write(group + "/cpu.stat", "usage_usec " + std::to_string(usec) +
                                         "\nuser_usec 1\nsystem_usec 1\nnr_periods 10\n"
                                         "nr_throttled 1\nthrottled_usec 7\n");
    // The groups above count it, too; the root has numbers of its own.
    const std::size_t slash = group.rfind('/');
    if (group.find('/') != slash)
      host_.write(group.substr(0, slash) + "/cpu.stat",
                  "usage_usec " + std::to_string(++usec_above_) + "\nuser_usec 1\nsystem_usec 0\n");
  }
  void set_memory(const std::string& group, std::uint64_t bytes) {
    host_.write(group + "/memory.current", std::to_string(bytes) + "\n");
  }
  void name_container(const std::string& name) {
    host_.write("docker/containers/" + kId + "/config.v2.json",
                R"({"ID":")" + kId + R"(","Name":"/)" + name +
                    R"(","Created":"2023-11-14T22:13:20Z","Config":{"Image":"busybox:1",)"
                    R"("Labels":{"tier":"web"}},"State":{"Running":true,"Pid":0}})");
  }

  std::unique_ptr<Sampler> sampler() {
    SamplerConfig config;
    config.cgroup_root = host_.path() + "/cgroup";
    config.proc_root = host_.path() + "/proc";
    config.sys_root = host_.path() + "/sys";
    config.host_root = host_.path();
    config.inventory.docker_root = host_.path() + "/docker";
    config.inventory.docker_sockets = {};
    config.kernel_log = host_.path() + "/kmsg";
    config.reader.groups.set(cgroupfs::Group::kNetwork, false).set(cgroupfs::Group::kDisk, false);
    config.tree.rescan_interval = std::chrono::milliseconds(1);
    config.render_labels = [](const inventory::Identity& identity, std::uint64_t&) {
      return "id=\"" + identity.cgroup + "\",name=\"" + identity.name + "\"";
    };
    adjust(config);
    return Sampler::create(config, clock_).value();
  }
  virtual void adjust(SamplerConfig& /*config*/) {}
  static std::optional<std::size_t> row_of(const Snapshot& snapshot, std::string_view cgroup) {
    for (std::size_t row = 0; row < snapshot.rows.size(); ++row)
      if (snapshot.rows[row].identity->cgroup == cgroup) return row;
    return std::nullopt;
  }

  // A line of the kernel's log about a kill in the container, now.
  static std::string oom_line(const FakeClock& clock, int sequence) {
    const auto usec =
        std::chrono::duration_cast<std::chrono::microseconds>(clock.now().time_since_epoch());
    return "6," + std::to_string(sequence) + "," + std::to_string(usec.count()) +
           ",-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
           "oom_memcg=/docker/" +
           kId + ",task_memcg=/docker/" + kId + ",task=hog,pid=7,uid=0\n";
  }

  TempTree host_;
  std::uint64_t usec_above_ = 1;
  FakeClock clock_;
};

}  // namespace plimsoll::exporter
