// The engine, or a keeper, is killed in the middle of whatever it does; the next engine must find
// everything, and the kernel must have nothing that no running container owns.
// PLIMSOLL_TEST_CRASHES says how often (25).
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
#include <tuple>
#include <vector>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/text.h"
#include "runtime/engine/engine_testing.h"
#include "runtime/engine/files.h"
#include "runtime/engine/kernel_sight_testing.h"
#include "runtime/net/net_testing.h"

namespace plimsoll::engine {
namespace {

constexpr int kLines = 200;
constexpr std::uint16_t kStaysPort = 18080;

int crashes() {
  const char* text = std::getenv("PLIMSOLL_TEST_CRASHES");
  return text == nullptr ? 25 : to_number<int>(text).value_or(25);
}

// Which code a container ends with is in its label, so that whoever looks later knows. A third
// each: on the default bridge, on a network with names, on both.
model::Definition worker(unsigned number) {
  model::Definition definition;
  definition.config.image = "busybox";
  definition.config.cmd = {
      "sh", "-c",
      fill_in("i=0; while [ $i -lt {} ]; do echo line $i; i=$((i+1)); done; exit {}", kLines,
              number % 100 + 1)};
  definition.config.labels = {{"code", std::to_string(number % 100 + 1)}};
  definition.host.network_mode = number % 3 == 0 ? "bridge" : "named";
  if (number % 3 == 1) definition.networks["named"].aliases = {"worker", "w"};
  if (number % 3 == 2) definition.networks = {{"named", {}}, {"bridge", {}}};
  definition.host.port_bindings["80/tcp"] = {{number % 2 == 0 ? "127.0.0.1" : "", ""}};
  definition.host.port_bindings["53/udp"] = {{"127.0.0.1", ""}};
  definition.host.binds = {"plimsoll-test-shared:/data",
                           fill_in("plimsoll-test-{}:/own", number % 5)};
  definition.config.volumes = {"/scratch"};
  return definition;
}

// Runs all the time, whatever dies: reachable by its port and its name, with a volume.
model::Definition stays() {
  model::Definition definition;
  definition.config.image = "busybox";
  definition.config.cmd = {
      "sh", "-c", "echo kept > /kept/word; while :; do echo here | busybox nc -l -p 80; done"};
  definition.host.network_mode = "named";
  definition.networks["named"].aliases = {"alias"};
  definition.host.port_bindings["80/tcp"] = {{"127.0.0.1", std::to_string(kStaysPort)}};
  definition.host.binds = {"plimsoll-test-stays:/kept"};
  return definition;
}

class CrashTest : public EngineTest {
 protected:
  // What failed leaves nothing on the machine either.
  void TearDown() override {
    if (HasFailure()) {
      outcome_of(fork_and([this] {
        for (const ContainerPtr& container : engine_->containers())
          std::ignore = engine_->remove(container->id, {.force = true, .volumes = true});
        return true;
      }));
    }
    EngineTest::TearDown();
  }
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
  int outcome_of(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
  }
  [[nodiscard]] Sight sight() const {
    return {options().state_dir, options().run_dir, groups_, options().net.table};
  }
  // The kernel removes some things in its own time, and runs end while we look.
  [[nodiscard]] std::vector<std::string> lasting_differences() const {
    std::vector<std::string> all;
    for (int i = 0; i < 100; ++i) {
      all = differences(sight(), *engine_);
      if (all.empty()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return all;
  }
  // The network, the one that stays, and an exec in it.
  bool begin() {
    net::Network network;
    network.name = "named";
    network.driver = "bridge";
    if (const auto made = engine_->networks().create(network); !made) {
      note("WHY " + made.error().message);
      return false;
    }
    const auto created = engine_->create("stays", stays());
    const auto started = created ? engine_->start("stays") : model::Answer<>();
    if (!created || !started) {
      note("WHY " + (created ? started.error() : created.error()).message);
      return false;
    }
    ExecDefinition exec;
    exec.cmd = {"sh", "-c", "while [ ! -e /kept/enough ]; do sleep 0.05; done; exit 44"};
    const auto made = engine_->exec_create("stays", exec);
    if (!made || !engine_->exec_start(*made, false, {})) return false;
    std::ofstream(tree_.path() + "/exec") << *made;
    return true;
  }
  // What an exec in the one that stays says.
  std::string said_inside(std::vector<std::string> words) {
    ExecDefinition exec;
    exec.cmd = std::move(words);
    exec.attach_stdout = true;
    const auto made = engine_->exec_create("stays", exec);
    if (!made) return made.error().message;
    Heard heard;
    const auto input = engine_->exec_start(*made, false, heard.output());
    return input ? heard.all() : input.error().message;
  }
  // "" or what is wrong with the one that stays.
  std::string check_stays() {
    const ContainerPtr container = seen("stays");
    if (container->state.status != Status::kRunning) return "it does not run";
    const std::string address = container->endpoints.at(0).address;
    for (const char* name : {"stays", "alias"})
      if (const std::string said = said_inside({"busybox", "nslookup", name, "127.0.0.11"});
          said.find("Address: " + address) == std::string::npos &&
          said.find("Address 1: " + address) == std::string::npos)
        return std::string(name) + " is not " + address + ": " + said;
    if (const std::string said = said_inside({"cat", "/kept/word"}); said != "kept\n")
      return "its volume has " + said;
    if (net::hear_soon("127.0.0.1", kStaysPort) != "here\n") return "its port is not answered";
    const auto exec = engine_->exec_find(read_text(tree_.path() + "/exec").value_or("none"));
    if (!exec) return exec.error().message;
    return exec->running ? "" : "its exec does not run";
  }
  // Makes, runs, asks, stops and removes, as long as it is let.
  bool busy(unsigned seed) {
    std::minstd_rand random(seed);
    std::vector<std::string> mine;
    for (;;) {
      const auto created = engine_->create("", worker(static_cast<unsigned>(random())));
      if (!created) {
        note("WHY " + created.error().message);
        return false;
      }
      note("made " + created->id);
      mine.push_back(created->id);
      const auto started = engine_->start(created->id);
      note((started ? "started " : "refused ") + created->id);
      if (!started) note("WHY not started: " + started.error().message);
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
  // Not those of the one that stays.
  std::vector<pid_t> keepers() const {
    std::vector<pid_t> all;
    for (const std::string& name : names_in("/proc")) {
      const auto pid = to_number<pid_t>(name);
      const auto line = pid ? read_text("/proc/" + name + "/cmdline") : Result<std::string>("");
      if (line && line->find("plimsoll-shim") != std::string::npos &&
          line->find(tree_.path()) != std::string::npos && line->find(stays_) == std::string::npos)
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
    for (const std::string& difference : lasting_differences())
      expect(false, "the kernel's things: " + difference);
    if (const std::string wrong = check_stays(); !wrong.empty()) expect(false, "stays: " + wrong);
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

  std::string stays_ = "nobody";
};

TEST_F(CrashTest, NothingIsLostAndNothingIsLeftBehind) {
  close();
  ASSERT_EQ(outcome_of(fork_and([&] {
              const bool begun = begin();
              if (begun) std::ofstream(tree_.path() + "/stays") << seen("stays")->id;
              return begun;
            })),
            0)
      << wrongs();
  stays_ = read_text(tree_.path() + "/stays").value_or("");
  ASSERT_EQ(stays_.size(), 64U);
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
    const int status = outcome_of(engine);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it gave up by itself: " << wrongs();
    if (i % 5 != 4) continue;
    ASSERT_EQ(outcome_of(fork_and([&] { return is_whole(true); })), 0) << wrongs();
  }
  const auto clear_up = [&] {
    std::ofstream(engine_->find_volume("plimsoll-test-stays")->mountpoint + "/enough") << "x";
    const std::string exec = read_text(tree_.path() + "/exec").value_or("none");
    for (int i = 0; i < 200 && engine_->exec_find(exec)->running; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (engine_->exec_find(exec)->exit_code != 44) note("WRONG the exec's code is not known");
    for (const ContainerPtr& container : engine_->containers())
      if (const auto removed = engine_->remove(container->id, {.force = true, .volumes = true});
          !removed)
        note("WRONG " + removed.error().message);
    for (const std::string& left : leftovers()) note("WRONG left: " + left);
    for (const Volume& volume : engine_->volumes()) {
      if (!volume.name.starts_with("plimsoll-test-")) note("WRONG left: volume " + volume.name);
      if (const auto removed = engine_->remove_volume(volume.name, false); !removed)
        note("WRONG " + removed.error().message);
    }
    for (const std::string& name : names_in(options().state_dir + "/volumes"))
      note("WRONG left: files of volume " + name);
    for (const net::Network& network : engine_->networks().list())
      if (network.name == "named" || network.name.starts_with("crash"))
        if (const auto removed = engine_->remove_network(network.id); !removed)
          note("WRONG " + removed.error().message);
    for (const std::string& difference : lasting_differences()) note("WRONG left: " + difference);
    return wrongs().find("WRONG") == std::string::npos;
  };
  EXPECT_EQ(outcome_of(fork_and(clear_up)), 0) << wrongs();
  stays_ = "nobody";
  for (int wait = 0; wait < 100 && !keepers().empty(); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(keepers(), std::vector<pid_t>());
}

}  // namespace
}  // namespace plimsoll::engine
