// Measures the host's file systems and the containers' writable layers, a slice at a time; what
// FilesystemCollector's thread does, without the thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/read_file.h"
#include "exporter/collect/diskstats.h"
#include "exporter/collect/filesystem.h"
#include "exporter/collect/mounts.h"
#include "exporter/collect/tree_walk.h"

namespace plimsoll::exporter {

// What statfs(2) says, in bytes.
struct Capacity {
  std::uint64_t total = 0, free = 0, available = 0;
  std::uint64_t inodes = 0, inodes_free = 0;  // 0, 0: this kind of file system does not count them.
  bool operator==(const Capacity&) const = default;
};
// A directory with a project quota of its own (xfs, ext4; Docker's `size` option): statfs there
// answers for the project, and so needs neither a capability nor a walk. It is its own if the
// directory that holds all layers, two above, has another size: a quota set on that one covers all
// of them and says nothing about one.
[[nodiscard]] bool has_own_quota(const Capacity& layer, const Capacity& all_layers);

class DiskSurvey {
 public:
  DiskSurvey(DirFd proc, const Clock& clock, FilesystemOptions options);

  void want(const std::vector<LayerRequest>& layers);

  // Works for a budget's time at most, or until `stopped` (asked between system calls); after it
  // said yes, neither the clock nor anything else from outside is touched. Says how long to leave
  // the machine alone.
  [[nodiscard]] std::chrono::nanoseconds step(const std::function<bool()>& stopped);

  // A new one after every step that changed something.
  [[nodiscard]] std::shared_ptr<const FilesystemCollector::Results> results() const {
    return results_;
  }
  [[nodiscard]] FilesystemStats stats() const;

 private:
  // One measurement on its way: the layer, then the log's directory.
  struct Measurement {
    std::uint64_t serial = 0;
    FilesystemUsage usage;          // Of a quota already, else filled at the end.
    std::optional<TreeWalk> layer;  // Nothing: a quota knows.
    std::optional<TreeWalk> log;
  };
  struct Layer {
    LayerRequest request;
    MonoTime due;
    std::optional<FilesystemUsage> usage;
  };

  void survey_host(const std::function<bool()>& stopped);
  void read_mounts();
  [[nodiscard]] const DiskStats* disk_of(const Mount& mount) const;
  // "/dev/vda1": by its number where the mount does not name a device's path.
  [[nodiscard]] std::string name_of(const Mount& mount) const;
  [[nodiscard]] std::optional<FilesystemUsage> ask(const MountGroup& group) const;
  void queue_due(MonoTime now);
  void start_queued(const std::function<bool()>& stopped);
  [[nodiscard]] std::optional<Measurement> start(const Layer& layer);
  // False: out of time.
  [[nodiscard]] static bool advance(Measurement& measurement, const TreeWalk::Expired& expired);
  void finish(const Measurement& measurement);
  void publish();
  [[nodiscard]] MonoTime next_due() const;

  DirFd proc_;
  const Clock& clock_;
  const FilesystemOptions options_;
  Result<DirFd> root_;
  ReadBuffer buffer_;
  std::vector<Mount> mounts_;
  std::vector<DiskStats> disks_;
  std::vector<FilesystemUsage> host_;
  std::optional<MonoTime> host_at_;
  std::map<std::uint64_t, Layer> layers_;
  std::deque<std::uint64_t> queue_;    // Due, not begun.
  std::deque<Measurement> measuring_;  // Unfinished, taken in turn.
  std::shared_ptr<const FilesystemCollector::Results> results_;
  bool changed_ = false;
  std::uint64_t walked_files_ = 0;
  std::uint64_t denied_ = 0;
};

}  // namespace plimsoll::exporter
