#include "runtime/image/trash.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "runtime/image/disk.h"
#include "runtime/image/overlay.h"

namespace plimsoll::image {

Result<std::unique_ptr<Trash>> Trash::open(DirFd directory) {
  std::vector<std::string> left = PLIMSOLL_TRY(names_in(directory));
  std::string path = PLIMSOLL_TRY(path_of(directory));
  std::unique_ptr<Trash> trash(new Trash(std::move(directory), std::move(path)));
  trash->names_.assign(left.begin(), left.end());
  // Signals are for the threads that expect them.
  sigset_t all{};
  sigset_t before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  trash->worker_ =
      std::jthread([self = trash.get()](const std::stop_token& stop) { self->work(stop); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return trash;
}

Trash::~Trash() {
  worker_.request_stop();
  worker_.join();
}

Result<> Trash::take(const DirFd& parent, const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (;;) {
    const std::string in_trash = std::to_string(next_++);
    if (::renameat2(parent.get(), name.c_str(), directory_.get(), in_trash.c_str(),
                    RENAME_NOREPLACE) == 0) {
      names_.push_back(in_trash);
      changed_.notify_all();
      return {};
    }
    if (errno == ENOENT) return {};
    // An earlier run's.
    if (errno != EEXIST) return os_failure("renameat2", name);
  }
}

void Trash::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return names_.empty() && !busy_; });
}

Result<> Trash::empty(const std::string& name) {
  // A root's, and the one by which it was tried whether overlays work here.
  for (const char* const point : {"/merged", "/m"})
    PLIMSOLL_TRY(unmount(path_ + "/" + name + point));
  return remove_tree(directory_, name);
}

void Trash::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !names_.empty(); })) {
    if (stop.stop_requested()) return;
    const std::string name = std::move(names_.front());
    names_.pop_front();
    busy_ = true;
    lock.unlock();
    const Result<> removed = empty(name);
    if (!removed)
      log::warn("what was left over is removed by the next start: " + removed.error().message());
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

}  // namespace plimsoll::image
