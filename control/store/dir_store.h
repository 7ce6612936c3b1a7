// A directory of this process alone.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/fd.h"
#include "control/store/store.h"

namespace plimsoll::control {

class DirStore final : public Store {
 public:
  // Makes the directory (0700; its parent must exist) and takes its lock, which a second process
  // gets as kBusy with the holder's pid. kDenied when others than the owner may write it: what
  // stands in there is obeyed.
  [[nodiscard]] static Result<std::unique_ptr<DirStore>> open(const std::string& path);

  [[nodiscard]] Result<std::string> read(const std::string& name) override;
  [[nodiscard]] Result<> append(const std::string& name, std::string_view bytes) override;
  [[nodiscard]] Result<> sync(const std::string& name) override;
  [[nodiscard]] Result<> replace(const std::string& name, std::string_view bytes) override;
  [[nodiscard]] Result<> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<> remove(const std::string& name) override;
  [[nodiscard]] Result<std::vector<std::string>> list() override;

 private:
  struct Held {
    Fd file;
    std::uint64_t size = 0;
  };

  DirStore(std::string path, DirFd dir, Fd lock)
      : path_(std::move(path)), dir_(std::move(dir)), lock_(std::move(lock)) {}
  Result<Held*> held(const std::string& name);
  Result<> sync_directory();
  void forget(const std::string& name);

  std::string path_;
  DirFd dir_;
  Fd lock_;
  std::mutex mutex_;  // Of `held_` alone: a file's writer is one log, under that log's lock.
  std::map<std::string, Held> held_;
};

}  // namespace plimsoll::control
