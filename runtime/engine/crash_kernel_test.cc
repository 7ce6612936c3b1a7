// The engine, or a keeper, is killed in the middle of whatever it does; the next engine must find
// everything. PLIMSOLL_TEST_CRASHES says how often (25).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/engine_testing.h"
#include "runtime/engine/files.h"
#include "runtime/net/net_testing.h"

namespace plimsoll::engine {
namespace {

constexpr int kLines = 200;

int crashes() {
  const char* text = std::getenv("PLIMSOLL_TEST_CRASHES");
  return text == nullptr ? 25 : to_number<int>(text).value_or(25);
}

// Which code a container ends with is in its label, so that whoever looks later knows.
model::Definition worker(int number) {
  model::Definition definition;
  definition.config.image = "busybox";
  definition.config.cmd = {
      "sh", "-c",
      fill_in("i=0; while [ $i -lt {} ]; do echo line $i; i=$((i+1)); done; exit {}", kLines,
              number % 100 + 1)};
  definition.config.labels = {{"code", std::to_string(number % 100 + 1)}};
  definition.host.network_mode = "bridge";
  definition.host.port_bindings["80/tcp"] = {{"127.0.0.1", ""}};
  definition.host.binds = {"plimsoll-test-shared:/data"};
  definition.config.volumes = {"/scratch"};
  return definition;
}

class CrashTest : public EngineTest {
 protected:
  // In a process of its own, which is all that is killed.
  template <class Work>
  pid_t fork_and(Work work) {
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    open();
    if (!engine_) note("WRONG the engine did not open");
    ::_exit(engine_ && work() ? 0 : 1);
  }
  void note(const std::string& what) const {
    std::ofstream(tree_.path() + "/journal", std::ios::app) << what << std::endl;
  }
  // Makes, runs, asks, stops and removes, as long as it is let.
  bool busy(unsigned seed) {
    std::minstd_rand random(seed);
    std::vector<std::string> mine;
    for (;;) {
      const auto created = engine_->create("", worker(static_cast<int>(random() % 1000)));
      if (!created) {
        note("WHY " + created.error().message);
        return false;
      }
      note("made " + created->id);
      mine.push_back(created->id);
      const auto started = engine_->start(created->id);
      note((started ? "started " : "refused ") + created->id);
      if (!started) note("WHY " + started.error().message);
      ExecDefinition exec;
      exec.cmd = {"true"};
      if (const auto made = engine_->exec_create(created->id, exec))
        static_cast<void>(engine_->exec_start(*made, false, {}));
      if (random() % 3 == 0) static_cast<void>(end_of(created->id));
      if (random() % 3 == 0) {
        // Nobody asks for it again; nothing of it may stay.
        model::Definition brief = worker(static_cast<int>(random() % 1000));
        brief.host.auto_remove = true;
        brief.config.volumes.clear();
        if (const auto made = engine_->create("", brief))
          static_cast<void>(engine_->start(made->id));
      }
      if (random() % 3 == 0 && mine.size() > 2) {
        const std::string id = mine[random() % mine.size()];
        note("removing " + id);
        static_cast<void>(engine_->remove(id, {.force = true, .volumes = true}));
      }
      if (random() % 4 == 0) {
        net::Network network;
        network.name = "crash" + std::to_string(random() % 3);
        network.driver = "bridge";
        if (const auto made = engine_->networks().create(network)) {
          static_cast<void>(engine_->connect(made->id, created->id, {}));
          static_cast<void>(engine_->disconnect(made->id, created->id, true));
          static_cast<void>(engine_->remove_network(made->id));
        }
      }
    }
  }
  std::vector<pid_t> keepers() const {
    std::vector<pid_t> all;
    for (const std::string& name : names_in("/proc")) {
      const auto pid = to_number<pid_t>(name);
      const auto line = pid ? read_text("/proc/" + name + "/cmdline") : Result<std::string>("");
      if (line && line->find("plimsoll-shim") != std::string::npos &&
          line->find(tree_.path()) != std::string::npos)
        all.push_back(*pid);
    }
    return all;
  }
  // What the journal says is so. `killed`: a keeper was, and 137 is a true answer.
  bool is_whole(bool killed) {
    bool whole = true;
    const auto expect = [&](bool holds, const std::string& what) {
      if (holds) return;
      whole = false;
      note("WRONG " + what);
    };
    std::map<std::string, std::string> last;
    std::ifstream journal(tree_.path() + "/journal");
    for (std::string line; std::getline(journal, line);)
      last[line.substr(line.find(' ') + 1)] = line.substr(0, line.find(' '));
    for (const auto& [id, what] : last) {
      if (what != "made" && what != "started") continue;
      const auto found = engine_->find(id);
      expect(found.has_value(), "lost: " + id);
      if (!found || what != "started") continue;
      const std::int64_t code = end_of(id);
      const ContainerPtr container = seen(id);
      if (!container->state.started || code == 137) {
        expect(container->state.started.has_value() && killed,
               id + " was killed or not started: " + container->state.error + " " +
                   read_text(tree_.path() + "/state/containers/" + id + "/state.json")
                       .value_or("none"));
        continue;
      }
      expect(std::to_string(code) == container->definition.config.labels.at("code"),
             id + " ended with " + std::to_string(code));
      const std::string log = log_of(id);
      std::string wanted;
      for (int i = 0; i < kLines; ++i) wanted += "line " + std::to_string(i) + "\n";
      expect(log == wanted, id + ": its log is not whole: " + std::to_string(log.size()));
    }
    return whole;
  }
  [[nodiscard]] std::string wrongs() const {
    std::ifstream journal(tree_.path() + "/journal");
    std::string all;
    for (std::string line; std::getline(journal, line);)
      if (line.starts_with("WRONG") || line.starts_with("WHY")) all += line + "\n";
    return all;
  }
};

TEST_F(CrashTest, NothingIsLostAndNothingIsLeftBehind) {
  close();
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  for (int i = 0; i < crashes(); ++i) {
    const unsigned seed = static_cast<unsigned>(random());
    const pid_t engine = fork_and([&] { return busy(seed); });
    std::this_thread::sleep_for(std::chrono::microseconds(20'000 + random() % 400'000));
    const bool takes_keeper = i % 4 == 3;
    if (takes_keeper) {
      const std::vector<pid_t> all = keepers();
      if (!all.empty()) ::kill(all[random() % all.size()], SIGKILL);
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    ASSERT_EQ(::kill(engine, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(engine, &status, 0), engine);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it gave up by itself: " << wrongs();
    if (i % 5 != 4) continue;
    const pid_t next = fork_and([&] { return is_whole(true); });
    ASSERT_EQ(::waitpid(next, &status, 0), next);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << wrongs();
  }
  const pid_t last = fork_and([&] {
    for (const ContainerPtr& container : engine_->containers())
      if (!engine_->remove(container->id, {.force = true, .volumes = true})) return false;
    std::string all;
    for (const std::string& left : leftovers()) all += left + "; ";
    if (!all.empty()) note("WRONG left: " + all);
    return all.empty();
  });
  int status = 0;
  ASSERT_EQ(::waitpid(last, &status, 0), last);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << wrongs();
  for (int wait = 0; wait < 100 && !keepers().empty(); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(keepers(), std::vector<pid_t>());
  EXPECT_EQ(names_in(tree_.path() + "/run/oci"), std::vector<std::string>());
  EXPECT_EQ(names_in(tree_.path() + "/run/net/netns"), std::vector<std::string>());
}

}  // namespace
}  // namespace plimsoll::engine
