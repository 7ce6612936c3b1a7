// The small files into a sample: pids, pressure, the group's own state, misc and rdma.
#pragma once

#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

[[nodiscard]] Result<> put_pids_events(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);

[[nodiscard]] Result<> put_cpu_pressure(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_cpu_pressure(CgroupSample& sample);
[[nodiscard]] Result<> put_memory_pressure(std::string_view text, const PutContext& context,
                                           CgroupSample& sample);
void drop_memory_pressure(CgroupSample& sample);
[[nodiscard]] Result<> put_io_pressure(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_io_pressure(CgroupSample& sample);
[[nodiscard]] Result<> put_irq_pressure(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_irq_pressure(CgroupSample& sample);

[[nodiscard]] Result<> put_cgroup_events(std::string_view text, const PutContext& context,
                                         CgroupSample& sample);
void drop_cgroup_events(CgroupSample& sample);
[[nodiscard]] Result<> put_cgroup_stat(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_cgroup_stat(CgroupSample& sample);
// v1's word on freezing. On a hybrid host it stands beside the unified group's cgroup.events, which
// is read before: frozen by either is frozen.
[[nodiscard]] Result<> put_freezer_state(std::string_view text, const PutContext& context,
                                         CgroupSample& sample);
void drop_freezer_state(CgroupSample& sample);

[[nodiscard]] Result<> put_misc_current(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_misc(CgroupSample& sample);
[[nodiscard]] Result<> put_misc_max(std::string_view text, const PutContext& context,
                                    CgroupSample& sample);
void drop_misc_max(CgroupSample& sample);
[[nodiscard]] Result<> put_rdma_current(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_rdma(CgroupSample& sample);
[[nodiscard]] Result<> put_rdma_max(std::string_view text, const PutContext& context,
                                    CgroupSample& sample);
void drop_rdma_max(CgroupSample& sample);

}  // namespace plimsoll::cgroupfs
