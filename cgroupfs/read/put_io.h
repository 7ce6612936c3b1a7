// Block IO files into a sample's devices and sums.
#pragma once

#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

// v1: blkio.*.io_service_bytes, io_serviced and what bfq and cfq tell besides. A v1 file without a
// line per device says nothing: since Linux 6.10 throttling counts only on disks that have a
// throttling rule, so "Total 0" does not mean that nothing was read. The sums are absent then.
[[nodiscard]] Result<> put_io_service_bytes(std::string_view text, const PutContext& context,
                                            CgroupSample& sample);
void drop_io_service_bytes(CgroupSample& sample);
[[nodiscard]] Result<> put_io_serviced(std::string_view text, const PutContext& context,
                                       CgroupSample& sample);
void drop_io_serviced(CgroupSample& sample);
[[nodiscard]] Result<> put_io_merged(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
void drop_io_merged(CgroupSample& sample);
[[nodiscard]] Result<> put_io_queued(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
void drop_io_queued(CgroupSample& sample);
[[nodiscard]] Result<> put_io_service_time(std::string_view text, const PutContext& context,
                                           CgroupSample& sample);
void drop_io_service_time(CgroupSample& sample);
[[nodiscard]] Result<> put_io_wait_time(std::string_view text, const PutContext& context,
                                        CgroupSample& sample);
void drop_io_wait_time(CgroupSample& sample);
[[nodiscard]] Result<> put_sectors(std::string_view text, const PutContext& context,
                                   CgroupSample& sample);
void drop_sectors(CgroupSample& sample);

// v2. An empty io.stat means no IO: the sums are 0.
[[nodiscard]] Result<> put_io_stat(std::string_view text, const PutContext& context,
                                   CgroupSample& sample);
void drop_io_stat(CgroupSample& sample);

// Limits on IO. v1 has a file for each of the four numbers.
[[nodiscard]] Result<> put_io_max(std::string_view text, const PutContext& context,
                                  CgroupSample& sample);
void drop_io_max(CgroupSample& sample);
[[nodiscard]] Result<> put_read_bps(std::string_view text, const PutContext& context,
                                    CgroupSample& sample);
void drop_read_bps(CgroupSample& sample);
[[nodiscard]] Result<> put_write_bps(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
void drop_write_bps(CgroupSample& sample);
[[nodiscard]] Result<> put_read_iops(std::string_view text, const PutContext& context,
                                     CgroupSample& sample);
void drop_read_iops(CgroupSample& sample);
[[nodiscard]] Result<> put_write_iops(std::string_view text, const PutContext& context,
                                      CgroupSample& sample);
void drop_write_iops(CgroupSample& sample);

}  // namespace plimsoll::cgroupfs
