// CPU files into a sample.
#pragma once

#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

// v1
[[nodiscard]] Result<> put_usage_percpu(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_usage_percpu(CgroupSample& sample);
[[nodiscard]] Result<> put_cpuacct_stat(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_cpuacct_stat(CgroupSample& sample);
[[nodiscard]] Result<> put_cpu_stat_v1(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_cpu_stat_v1(CgroupSample& sample);
[[nodiscard]] Result<> put_cfs_quota(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
// cpu.cfs_period_us, cpu.cfs_burst_us and v2 cpu.max.burst: microseconds.
[[nodiscard]] Result<> put_cpu_period(std::string_view text, const PutContext& context,
                                      CgroupSample& sample);
[[nodiscard]] Result<> put_cpu_burst(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
// v2
[[nodiscard]] Result<> put_cpu_stat_v2(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_cpu_stat_v2(CgroupSample& sample);
[[nodiscard]] Result<> put_cpu_stat_local(std::string_view text, const PutContext& context,
                                          CgroupSample& sample);
[[nodiscard]] Result<> put_cpu_max(std::string_view text, const PutContext& context,
                                   CgroupSample& sample);
// Both: cpuset.
[[nodiscard]] Result<> put_cpuset_cpus(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_cpuset_cpus(CgroupSample& sample);
[[nodiscard]] Result<> put_cpuset_mems(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_cpuset_mems(CgroupSample& sample);

}  // namespace plimsoll::cgroupfs
