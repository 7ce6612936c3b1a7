// What waits to be pushed, on disk: survives an outage of the receiver and a restart of ours.
//
// One file per request in a directory of its own, named by a rising number, written under another
// name and then renamed. Bounded: when the limit is reached the oldest requests are dropped and
// counted, since the newest numbers are the ones an operator looks at. A batch that the disk does
// not take (full, read-only) waits in memory instead, within the same limit. Not synced to the
// medium: a power cut may cost the last seconds, and a file it damaged is dropped and counted.
//
// Thread: all functions from any thread. One process per directory: a second open() fails.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "exporter/push/batcher.h"

namespace plimsoll::exporter {

struct PushQueueStats {
  std::size_t batches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t samples = 0;
  std::uint64_t dropped_samples = 0;  // The limit was reached.
  std::uint64_t damaged_batches = 0;  // Files that did not read back as written.
  std::uint64_t memory_batches = 0;   // Could not be written; since the start.
};

class PushQueue {
 public:
  // Makes the directory (0700) if it is not there, and takes over what an earlier process left.
  // kBusy when another process uses it.
  [[nodiscard]] static Result<std::unique_ptr<PushQueue>> open(const std::string& directory,
                                                               std::uint64_t max_bytes);
  PushQueue(const PushQueue&) = delete;
  PushQueue& operator=(const PushQueue&) = delete;
  ~PushQueue() = default;  // What waits stays on disk.

  // Appends. The error says that the disk did not take it; the batch waits in memory then.
  Result<> push(Batch batch);

  struct Front {
    std::uint64_t id = 0;
    Batch batch;
  };
  // The oldest, still queued; nothing when the queue is empty.
  [[nodiscard]] std::optional<Front> front();
  // Removes a front; nothing happens if it was dropped for room meanwhile.
  void pop(std::uint64_t id);
  [[nodiscard]] PushQueueStats stats() const;

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::uint64_t bytes = 0;
    std::uint64_t samples = 0;
    std::optional<Batch> in_memory;  // Else in its file.
  };

  PushQueue(DirFd directory, Fd lock, std::uint64_t max_bytes);
  [[nodiscard]] Result<> take_over(std::vector<std::string> names);
  [[nodiscard]] Result<> write(const Entry& entry, const Batch& batch) const;
  void remove_front();
  void make_room(std::uint64_t bytes);

  const DirFd directory_;
  const Fd lock_;
  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;  // Guards everything below.
  std::deque<Entry> entries_;
  std::uint64_t next_id_ = 1;
  PushQueueStats stats_;
};

}  // namespace plimsoll::exporter
