// Limits on block IO into a sample.
#include <algorithm>

#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/io_limit.h"
#include "cgroupfs/read/put.h"
#include "cgroupfs/read/put_io.h"

namespace plimsoll::cgroupfs {

namespace {

using Limits = std::vector<IoLimit>;
using Rate = std::optional<std::uint64_t> IoLimit::*;

IoLimit& limit_of(Limits& limits, std::uint32_t major, std::uint32_t minor) {
  const std::pair key(major, minor);
  const auto number = [](const IoLimit& limit) { return std::pair(limit.major, limit.minor); };
  const auto at = std::ranges::lower_bound(limits, key, {}, number);
  if (at != limits.end() && number(*at) == key) return *at;
  IoLimit limit;
  limit.major = major;
  limit.minor = minor;
  return *limits.insert(at, limit);
}

bool is_empty(const IoLimit& limit) {
  return !limit.read_bytes && !limit.write_bytes && !limit.reads && !limit.writes;
}

void drop_rate(Rate rate, Limits& limits) {
  for (IoLimit& limit : limits) (limit.*rate).reset();
  std::erase_if(limits, is_empty);
}

// "254:0 1048576\n" per device; one without a limit is not listed.
Result<> put_rate(std::string_view text, Rate rate, Limits& limits) {
  for (IoLimit& limit : limits) (limit.*rate).reset();
  BlkioLines lines(text);
  while (const std::optional<BlkioEntry> entry = PLIMSOLL_TRY(lines.next()))
    limit_of(limits, entry->major, entry->minor).*rate = entry->value;
  std::erase_if(limits, is_empty);
  return {};
}

}  // namespace

Result<> put_io_max(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.io_limits.clear();
  IoMaxLines lines(text);
  while (const std::optional<IoMax> max = PLIMSOLL_TRY(lines.next())) {
    IoLimit& limit = limit_of(sample.io_limits, max->major, max->minor);
    limit.read_bytes = max->rbps;
    limit.write_bytes = max->wbps;
    limit.reads = max->riops;
    limit.writes = max->wiops;
  }
  std::erase_if(sample.io_limits, is_empty);
  return {};
}

void drop_io_max(CgroupSample& sample) {
  sample.io_limits.clear();
}

Result<> put_read_bps(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_rate(text, &IoLimit::read_bytes, sample.io_limits);
}

void drop_read_bps(CgroupSample& sample) {
  drop_rate(&IoLimit::read_bytes, sample.io_limits);
}

Result<> put_write_bps(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_rate(text, &IoLimit::write_bytes, sample.io_limits);
}

void drop_write_bps(CgroupSample& sample) {
  drop_rate(&IoLimit::write_bytes, sample.io_limits);
}

Result<> put_read_iops(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_rate(text, &IoLimit::reads, sample.io_limits);
}

void drop_read_iops(CgroupSample& sample) {
  drop_rate(&IoLimit::reads, sample.io_limits);
}

Result<> put_write_iops(std::string_view text, const PutContext&, CgroupSample& sample) {
  return put_rate(text, &IoLimit::writes, sample.io_limits);
}

void drop_write_iops(CgroupSample& sample) {
  drop_rate(&IoLimit::writes, sample.io_limits);
}

}  // namespace plimsoll::cgroupfs
