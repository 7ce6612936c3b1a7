// Disk usage: the host's file systems and each container's writable layer.
//
// A thread of its own does all that may block (statfs, directory walks); the sampler takes finished
// results. Only file systems of types known to be local are touched (the type comes from
// mountinfo): a dead NFS server or FUSE daemon cannot hang us. A layer with a project quota of its
// own is asked by statfs (O(1)); the others are measured by a background walk with a time budget
// that resumes where it stopped: hard links counted once, other file systems not entered, memory
// bounded. A layer that can be read in part only is absent, and counted as denied.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

struct FilesystemOptions {
  std::string host_root;  // "" natively.
  std::chrono::nanoseconds layer_interval =
      std::chrono::seconds(60);  // A layer is measured again after this ...
  std::chrono::nanoseconds walk_budget =
      std::chrono::milliseconds(100);  // ... walking at most this long ...
  std::chrono::nanoseconds walk_pause =
      std::chrono::milliseconds(900);  // ... then pausing so long (10 % of a core).
  std::chrono::nanoseconds host_interval = std::chrono::seconds(10);
};

struct LayerRequest {
  std::uint64_t serial = 0;  // Cgroup::serial
  std::string upper_dir;     // Host path of the writable layer; "" = none.
  std::string log_path;      // Its directory's size is added ("" = none).
};

struct FilesystemStats {
  std::size_t layers = 0;          // Asked for now.
  std::size_t waiting = 0;         // Not measured (yet).
  std::uint64_t walked_files = 0;  // Since the start.
  std::uint64_t denied = 0;        // Directories we could not read, since the start.
  double walk_cpu_seconds = 0;     // CPU time of the worker since the start.
};

class FilesystemCollector {
 public:
  [[nodiscard]] static std::unique_ptr<FilesystemCollector> create(const DirFd& proc,
                                                                   const DirFd& sys,
                                                                   const Clock& clock,
                                                                   FilesystemOptions options);
  // Stops its thread and waits for it, five seconds at most: a disk that does not answer keeps a
  // system call for ever, and the thread is then left to end by itself, touching nothing of ours.
  virtual ~FilesystemCollector() = default;
  // Never blocks. The set of layers to keep measured.
  virtual void want(std::vector<LayerRequest> layers) = 0;
  // Newest results, shared and immutable; null until the first.
  struct Results {
    std::vector<FilesystemUsage> host;  // One per block device or pool, sorted by device.
    std::map<std::uint64_t, FilesystemUsage> layers;  // By serial.
  };
  [[nodiscard]] virtual std::shared_ptr<const Results> results() const = 0;
  [[nodiscard]] virtual FilesystemStats stats() const = 0;
};

}  // namespace plimsoll::exporter
