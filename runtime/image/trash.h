// Removes trees in the background: whoever lets go of one waits for a rename only.
//
// Where an overlay is still mounted in one ("merged"), left by an earlier run, it is unmounted
// first.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/fd.h"

namespace plimsoll::image {

class Trash {
 public:
  // Takes what is in the directory already for trash, too.
  [[nodiscard]] static Result<std::unique_ptr<Trash>> open(DirFd directory);
  // Leaves the rest to the next one.
  ~Trash();
  Trash(const Trash&) = delete;
  Trash& operator=(const Trash&) = delete;

  // Postcondition: the name is free. Done again, it is done.
  [[nodiscard]] Result<> take(const DirFd& parent, const std::string& name);
  // Waits until all that was taken is gone: for tests and for those who report free space.
  void wait();

 private:
  Trash(DirFd directory, std::string path)
      : directory_(std::move(directory)), path_(std::move(path)) {}
  void work(const std::stop_token& stop);
  [[nodiscard]] Result<> empty(const std::string& name);

  DirFd directory_;
  std::string path_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> names_;
  bool busy_ = false;
  std::uint64_t next_ = 0;
  std::jthread worker_;  // Last: it uses the others.
};

}  // namespace plimsoll::image
