// For tests: a host's state files in a temporary directory, and an inventory that looks at them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "inventory/inventory.h"

namespace plimsoll::inventory {

inline const std::string kIdA = "aa" + std::string(62, '1');
inline const std::string kIdB = "bb" + std::string(62, '2');

// config.v2.json with what a test varies.
struct DockerText {
  std::string id = kIdA;
  std::string name = "web";
  int pid = 0;
  std::string running = "true";
  std::string health = "null";
  int restarts = 0;
};
inline std::string docker_json(const DockerText& text) {
  return R"({"State":{"Running":)" + text.running + R"(,"Pid":)" + std::to_string(text.pid) +
         R"(,"StartedAt":"2026-01-02T03:04:05.5Z","Health":)" + text.health + R"(},"ID":")" +
         text.id +
         R"(","Created":"2026-01-02T03:04:04Z","Config":{"Env":["A=1"],"Image":"img:1",)" +
         R"("Labels":{"k":"v"}},"Image":"sha256:00","Name":"/)" + text.name +
         R"(","Driver":"overlay2","RestartCount":)" + std::to_string(text.restarts) + "}";
}
inline std::string docker_file(const std::string& id) {
  return "var/lib/docker/containers/" + id + "/config.v2.json";
}

class TestHost {
 public:
  explicit TestHost(InventoryOptions options = {}) {
    tree.write("proc/", "");
    options.host_root = tree.path();
    proc_ = std::move(*open_dir((tree.path() + "/proc").c_str()));
    inventory = Inventory::create(proc_, clock, std::move(options),
                                  [this](const Question& question) { asked.push_back(question); });
  }

  IdentityPtr identify(std::uint64_t serial, const std::string& path) {
    cgroupfs::Cgroup cgroup;
    cgroup.serial = serial;
    cgroup.path = path;
    return inventory->identify(cgroup);
  }
  // A process in a cgroup.
  void process(int pid, const std::string& cgroup) const {
    tree.write("proc/" + std::to_string(pid) + "/cgroup", "4:memory:" + cgroup + "\n0::/\n");
  }
  // Written anew under the same name, as the runtimes do it: never the same inode and time.
  void replace(const std::string& file, const std::string& text) const;

  TempTree tree;
  FakeClock clock;
  std::vector<Question> asked;
  std::unique_ptr<Inventory> inventory;

 private:
  DirFd proc_;
};

inline void TestHost::replace(const std::string& file, const std::string& text) const {
  tree.write(file + ".new", text);
  const std::string path = tree.path() + "/" + file;
  PLIMSOLL_CHECK(::rename((path + ".new").c_str(), path.c_str()) == 0);
}

}  // namespace plimsoll::inventory
