// Memory files into a sample.
#pragma once

#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

[[nodiscard]] Result<> put_memory_stat_v1(std::string_view text, const PutContext& context,
                                          CgroupSample& sample);
void drop_memory_stat_v1(CgroupSample& sample);
[[nodiscard]] Result<> put_memory_stat_v2(std::string_view text, const PutContext& context,
                                          CgroupSample& sample);
void drop_memory_stat_v2(CgroupSample& sample);

[[nodiscard]] Result<> put_oom_control(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_oom_control(CgroupSample& sample);
[[nodiscard]] Result<> put_memory_events(std::string_view text, const PutContext& context,
                                         CgroupSample& sample);
void drop_memory_events(CgroupSample& sample);
[[nodiscard]] Result<> put_memory_events_local(std::string_view text, const PutContext& context,
                                               CgroupSample& sample);
void drop_memory_events_local(CgroupSample& sample);

[[nodiscard]] Result<> put_swap_events(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_swap_events(CgroupSample& sample);

[[nodiscard]] Result<> put_numa_stat_v1(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
[[nodiscard]] Result<> put_numa_stat_v2(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_numa_stat(CgroupSample& sample);

// After the memory files of a tick: what follows from several of them. A v2 root has no
// memory.current; its usage is what memory.stat accounts to processes and page cache.
enum class UsageFrom : std::uint8_t { kFile, kStat };
void derive_memory(UsageFrom usage_from, CgroupSample& sample);

}  // namespace plimsoll::cgroupfs
