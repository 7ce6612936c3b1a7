#include "cgroupfs/read/blkio_source.h"

#include <array>

#include "cgroupfs/parse/blkio.h"

namespace plimsoll::cgroupfs {

namespace {

struct Candidate {
  Blkio source;
  const char* name;
};
constexpr auto kCandidates = std::to_array<Candidate>(
    {{Blkio::kThrottleRecursive, "blkio.throttle.io_service_bytes_recursive"},
     {Blkio::kThrottle, "blkio.throttle.io_service_bytes"},
     {Blkio::kBfqRecursive, "blkio.bfq.io_service_bytes_recursive"},
     {Blkio::kBfq, "blkio.bfq.io_service_bytes"},
     {Blkio::kCfqRecursive, "blkio.io_service_bytes_recursive"},
     {Blkio::kCfq, "blkio.io_service_bytes"}});

bool lists_a_device(std::string_view text) {
  const Result<std::optional<BlkioEntry>> first = BlkioLines(text).next();
  return first && first->has_value();
}

}  // namespace

std::optional<Blkio> choose_blkio(const DirFd& blkio_root) {
  bool any_readable = false;
  RecordBuffer buffer;
  for (const Candidate& candidate : kCandidates) {
    const Result<Fd> fd = open_at(blkio_root, candidate.name, O_RDONLY);
    if (!fd) continue;
    const Result<std::string_view> text = buffer.read(*fd, Records::kOne, candidate.name);
    if (!text) continue;
    if (lists_a_device(*text)) return candidate.source;
    any_readable = true;
  }
  return any_readable ? std::nullopt : std::optional(Blkio::kThrottleRecursive);
}

}  // namespace plimsoll::cgroupfs
