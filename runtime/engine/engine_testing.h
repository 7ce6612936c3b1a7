// For tests: an engine in a network and a mount namespace of its own, with an image of busybox.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/temp_tree.h"
#include "runtime/engine/engine.h"

namespace plimsoll::engine {

// What an attached process said, and that it ended.
class Heard {
 public:
  [[nodiscard]] Output output();
  // Up to the end; "" and a failure when it does not come in 20 s.
  [[nodiscard]] std::string all();
  // Until this was said.
  [[nodiscard]] bool waits_for(const std::string& text);
  [[nodiscard]] std::string errors();

 private:
  struct Inner {
    std::mutex mutex;
    std::condition_variable changed;
    std::string out;
    std::string err;
    bool ended = false;
  };
  std::shared_ptr<Inner> inner_ = std::make_shared<Inner>();
};

// PLIMSOLL_TEST_CGROUP_DRIVER=systemd: in scopes of systemd's, where one is the first process.
class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void open();  // Again, as after a death: what runs goes on meanwhile.
  void close();
  [[nodiscard]] Options options() const;
  [[nodiscard]] static model::Definition sh(const std::string& script);
  // Created and started; its id.
  [[nodiscard]] std::string run(const model::Definition& definition, const std::string& name = "");
  // Waits for its end.
  [[nodiscard]] std::int64_t end_of(const std::string& id);
  [[nodiscard]] std::string log_of(const std::string& id, LogOptions options = {});
  [[nodiscard]] ContainerPtr seen(const std::string& reference);
  [[nodiscard]] bool becomes(const std::string& reference, Status status);
  // Everything that is left of containers on this machine: mounts, groups, directories.
  [[nodiscard]] std::vector<std::string> leftovers() const;
  // A container's, from a hierarchy's root.
  [[nodiscard]] std::string group_of(const std::string& id) const;

  TempTree tree_;
  std::unique_ptr<Engine> engine_;
  bool systemd_ = false;
  std::string parent_;  // Of cgroups: as the engine is told it, a slice with systemd,
  std::string groups_;  // and where it is below a hierarchy's root.
  std::function<std::unique_ptr<StartWatcher>(const std::string&)> watch_start_;  // From open() on.
};

}  // namespace plimsoll::engine
