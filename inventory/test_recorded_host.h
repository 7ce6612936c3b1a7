// For tests: an inventory that looks at a recorded host (tests/fixtures/inventory).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/read_file.h"
#include "inventory/inventory.h"

// The build says where the recorded hosts are; whoever compiles this header alone need not.
#ifndef PLIMSOLL_FIXTURES
#define PLIMSOLL_FIXTURES ""
#endif

namespace plimsoll::inventory {

// A recorded host: the directory is its root.
class RecordedHost {
 public:
  explicit RecordedHost(const std::string& name, InventoryOptions options = {}) {
    root = std::string(PLIMSOLL_FIXTURES) + "/" + name;
    options.host_root = root;
    proc_ = std::move(*open_dir((root + "/proc").c_str()));
    inventory = Inventory::create(proc_, clock, std::move(options),
                                  [this](const Question& question) { asked.push_back(question); });
  }
  IdentityPtr identify(const std::string& path) {
    cgroupfs::Cgroup cgroup;
    cgroup.serial = ++serial_;
    cgroup.path = path;
    return inventory->identify(cgroup);
  }
  // What the socket said: a file of answers/.
  [[nodiscard]] std::string answer(const std::string& name) const {
    const DirFd dir = std::move(*open_dir((root + "/answers").c_str()));
    return read_file_at(dir, name.c_str()).value();
  }

  std::string root;
  FakeClock clock;
  std::vector<Question> asked;
  std::unique_ptr<Inventory> inventory;

 private:
  DirFd proc_;
  std::uint64_t serial_ = 0;
};

}  // namespace plimsoll::inventory
