// Writes bodies to the disk beside the loop: a disk that is behind makes writers wait in the
// kernel.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::http {

// A file without a name in `directory`, for reading and writing.
[[nodiscard]] Result<Fd> open_unnamed(const std::string& directory);

class DiskWriter {
 public:
  using Done = std::function<void(int os_error)>;  // 0: written.

  DiskWriter() = default;
  ~DiskWriter();  // What waits is dropped.
  DiskWriter(const DiskWriter&) = delete;
  DiskWriter& operator=(const DiskWriter&) = delete;

  // At the file's own place. `done` runs on the writer's thread, which starts with the first call.
  void write(std::shared_ptr<const Fd> file, std::string bytes, Done done);

 private:
  struct Job {
    std::shared_ptr<const Fd> file;
    std::string bytes;
    Done done;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace plimsoll::http
