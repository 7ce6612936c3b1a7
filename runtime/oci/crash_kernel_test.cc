// plimsoll-oci is killed in the middle of its commands, at random times and at its system calls;
// the next command must find, or remove, everything. PLIMSOLL_TEST_CRASHES says how often (200).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/fill_in.h"
#include "base/number.h"
#include "base/temp_tree.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/oci/victim.h"

namespace plimsoll::oci {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kId = "victim";

int crashes() {
  const char* text = std::getenv("PLIMSOLL_TEST_CRASHES");
  return text == nullptr ? 200 : to_number<int>(text).value_or(200);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Says that it ran, and stays; all kinds of things are made and limited for it.
constexpr const char* kConfig = R"({
 "ociVersion": "1.2.0",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
  "args": ["sh", "-c", "echo ran > /marks/ran; exec sleep 1000"],
  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 512, "soft": 512}], "noNewPrivileges": true},
 "root": {"path": "rootfs", "readonly": true},
 "hostname": "inside",
 "hooks": {"createRuntime": [{"path": "/bin/busybox", "args": ["true"]}],
           "poststart": [{"path": "/bin/busybox", "args": ["true"]}],
           "poststop": [{"path": "/bin/busybox", "args": ["true"]}]},
 "mounts": [
  {"destination": "/proc", "type": "proc", "source": "proc"},
  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
  {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance"]},
  {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]},
  {"destination": "/marks", "type": "bind", "source": "{}/marks", "options": ["bind", "rw"]}],
 "linux": {
  "cgroupsPath": "{}",
  "resources": {"memory": {"limit": 67108864}, "pids": {"limit": 64}, "cpu": {"shares": 512},
   "devices": [{"allow": false, "access": "rwm"}]},
  "seccomp": {"defaultAction": "SCMP_ACT_ALLOW",
   "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]},
  "maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"],
  "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
   {"type": "mount"}, {"type": "cgroup"}]}})";

enum class Before { kNothing, kCreated, kRunning, kPaused, kStopped };

// A command, and what may be when it was killed: "" says that there is no container.
struct Operation {
  const char* name;
  Before before;
  Words words;
  std::set<std::string> after;
  bool lives = false;  // The container's process goes on.
  bool again = false;  // The same command then works, as if nothing had been.
};

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all{
      {"create", Before::kNothing, {"create", "BUNDLE"}, {"", "stopped", "created"}},
      {"run", Before::kNothing, {"run", "BUNDLE"}, {"", "stopped", "running"}},
      {"run -d", Before::kNothing, {"run", "-d", "BUNDLE"}, {"", "stopped", "running"}},
      {"start", Before::kCreated, {"start"}, {"created", "running"}, true},
      {"exec", Before::kRunning, {"exec", "ID", "true"}, {"running"}, true, true},
      {"exec -d", Before::kRunning, {"exec", "-d", "ID", "sleep", "9"}, {"running"}, true, true},
      {"update",
       Before::kRunning,
       {"update", "--memory", "48m", "--pids-limit", "32", "--cpu-share", "256"},
       {"running"},
       true,
       true},
      {"pause", Before::kRunning, {"pause"}, {"running", "paused"}, true},
      {"resume", Before::kPaused, {"resume"}, {"running", "paused"}, true},
      {"kill", Before::kRunning, {"kill", "ID", "KILL"}, {"running", "stopped"}},
      {"kill --all", Before::kRunning, {"kill", "--all", "ID", "WINCH"}, {"running"}, true, true},
      {"delete", Before::kStopped, {"delete"}, {"stopped", ""}},
      {"delete created", Before::kCreated, {"delete"}, {"created", "stopped", ""}},
      {"delete -f", Before::kRunning, {"delete", "-f"}, {"running", "stopped", ""}},
      {"delete -f paused", Before::kPaused, {"delete", "-f"}, {"paused", "running", "stopped", ""}},
  };
  return all;
}

class OciCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make containers";
    if (!fs::exists("/bin/busybox")) GTEST_SKIP() << "there is no /bin/busybox for a container";
    // Whatever mounts others make meanwhile are not ours to count.
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    auto host = runtime::open_cgroup_host();
    ASSERT_TRUE(host) << host.error().message();
    host_.emplace(*std::move(host));
    parent_ = "/plimsoll-test-ocicrash-" + std::to_string(::getpid());
    program_ = fs::read_symlink("/proc/self/exe").parent_path() / "plimsoll-oci";
    for (const char* folder :
         {"run", "bundle/rootfs/bin", "bundle/rootfs/proc", "bundle/rootfs/dev",
          "bundle/rootfs/sys", "bundle/rootfs/marks", "bundle/marks", "out"})
      fs::create_directories(tree_.path() + "/" + folder);
    fs::copy_file("/bin/busybox", tree_.path() + "/bundle/rootfs/bin/busybox");
    for (const char* name : {"sh", "true", "sleep"})
      fs::create_symlink("busybox", tree_.path() + "/bundle/rootfs/bin/" + name);
    std::string config = kConfig;
    for (const std::string& text : {bundle(), parent_ + "/" + kId})
      config.replace(config.find("{}"), 2, text);
    tree_.write("bundle/config.json", config);
    mounts_ = text_of("/proc/self/mountinfo");
  }
  void TearDown() override {
    if (!host_) return;
    static_cast<void>(command({"delete", "-f"}));
    for (const pid_t pid : children_left()) ::kill(pid, SIGKILL);
    for (const auto& hierarchy : host_->layout.hierarchies)
      ::rmdir((hierarchy.mount_path + parent_).c_str());
  }

  [[nodiscard]] std::string bundle() const { return tree_.path() + "/bundle"; }
  [[nodiscard]] std::string mark() const { return bundle() + "/marks/ran"; }
  // "BUNDLE" stands for a new container's options; the id comes last unless "ID" is there.
  [[nodiscard]] Words line(const Words& words) const {
    Words all{program_, "--root", tree_.path() + "/run"};
    bool named = false;
    for (const std::string& word : words) {
      if (word == "BUNDLE") {
        all.insert(all.end(), {"--bundle", bundle(), "--pid-file", tree_.path() + "/out/pid"});
      } else {
        all.push_back(word == "ID" ? kId : word);
      }
      named = named || word == "ID";
    }
    if (!named) all.emplace_back(kId);
    return all;
  }
  [[nodiscard]] Ended command(const Words& words) const { return run(line(words)); }

  void prepare(Before before) const {
    fs::remove(mark());
    std::vector<Words> steps;
    if (before != Before::kNothing) steps.push_back({"create", "BUNDLE"});
    if (before > Before::kCreated) steps.push_back({"start"});
    if (before == Before::kPaused) steps.push_back({"pause"});
    if (before == Before::kStopped) steps.push_back({"kill", "ID", "KILL"});
    for (const Words& step : steps) {
      const Ended ended = command(step);
      ASSERT_EQ(ended.code, 0) << step[0] << ": " << ended.output;
    }
    if (before == Before::kStopped) {
      ASSERT_EQ(settled({"stopped"}), "stopped");
    }
  }
  // "": there is none.
  [[nodiscard]] std::string status() const {
    const Ended state = command({"state"});
    if (state.code != 0)
      return state.output.find("does not exist") != std::string::npos ? "" : state.output;
    const std::string key = R"("status": ")";
    const std::size_t from = state.output.find(key) + key.size();
    return state.output.substr(from, state.output.find('"', from) - from);
  }
  // What it has come to, once what was on its way has arrived.
  [[nodiscard]] std::string settled(const std::set<std::string>& wanted) const {
    std::string found = status();
    for (int i = 0; i < 200 && !wanted.contains(found); ++i) {
      std::this_thread::sleep_for(10ms);
      found = status();
    }
    return found;
  }
  [[nodiscard]] std::string pid_of() const {
    const std::string text = command({"state"}).output;
    const std::size_t from = text.find(R"("pid": )") + 7;
    return text.substr(from, text.find(',', from) - from);
  }

  void check_found(const Operation& operation, const std::string& pid) const {
    // A `start` that was killed may have said so, and be heard between two looks.
    const bool had_run = fs::exists(mark());
    const std::string found = status();
    EXPECT_TRUE(operation.after.contains(found)) << "it is " << found;
    const bool lost = found.empty() && operation.before == Before::kNothing;
    if ((had_run && found == "created") || (lost && fs::exists(mark())))
      ADD_FAILURE() << "it ran, and is said to be '" << found << "'";
    if (operation.lives) {
      EXPECT_EQ(pid_of(), pid) << "another process than before";
    }
    if (operation.again) {
      const Ended again = command(operation.words);
      EXPECT_EQ(again.code, 0) << again.output;
    }
    // Whatever it was on its way to can still be reached, or is: a `start` that was killed may have
    // said so already, and the container had not yet heard.
    if (found == "created" && operation.lives) {
      const Ended started = command({"start"});
      EXPECT_TRUE(started.code == 0 || status() == "running") << started.output;
    }
    if (found == "paused" && operation.lives) {
      const Ended resumed = command({"resume"});
      EXPECT_EQ(resumed.code, 0) << resumed.output;
    }
    if (operation.lives) {
      EXPECT_EQ(status(), "running");
    }
  }
  void check_removed() const {
    const Ended deleted = command({"delete", "-f"});
    EXPECT_EQ(deleted.code, 0) << deleted.output;
    std::vector<pid_t> left = children_left();
    for (int i = 0; i < 500 && !left.empty(); ++i) {
      std::this_thread::sleep_for(10ms);
      left = children_left();
    }
    for (const pid_t pid : left) {
      ADD_FAILURE() << "still there: " << text_of(fill_in("/proc/{}/status", pid)).substr(0, 200);
      ::kill(pid, SIGKILL);
    }
    for (const auto& hierarchy : host_->layout.hierarchies)
      EXPECT_FALSE(fs::exists(hierarchy.mount_path + parent_ + "/" + kId)) << hierarchy.mount_path;
    EXPECT_FALSE(fs::exists(tree_.path() + "/run/" + kId));
    EXPECT_EQ(text_of("/proc/self/mountinfo"), mounts_);
    fs::remove(tree_.path() + "/out/pid");
    EXPECT_EQ(names_in("out"), std::vector<std::string>());
  }
  [[nodiscard]] std::vector<std::string> names_in(const std::string& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(tree_.path() + "/" + folder))
      names.push_back(entry.path().filename());
    return names;
  }

  TempTree tree_;
  std::optional<runtime::CgroupHost> host_;
  std::string parent_;
  std::string program_;
  std::string mounts_;
};

// How long it takes, and how many stops it has, when nobody disturbs it. A command that stays until
// its container ends is measured up to there by one that does not.
struct Measure {
  std::chrono::microseconds took{};
  long calls = 0;
};

TEST_F(OciCrash, TheNextCommandFindsOrRemovesEverything) {
  std::vector<Measure> measures;
  for (const Operation& operation : operations()) {
    Words words = operation.words;
    if (words[0] == "run" && words[1] != "-d") words.insert(words.begin() + 1, "-d");
    ASSERT_NO_FATAL_FAILURE(prepare(operation.before));
    Measure measure{command(words).took, 0};
    check_removed();
    ASSERT_NO_FATAL_FAILURE(prepare(operation.before));
    measure.calls = kill_at_call(line(words), 1'000'000).calls;
    check_removed();
    ASSERT_GT(measure.calls, 10) << operation.name;
    measures.push_back(measure);
  }
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  int killed = 0;
  // Round by round, so that each command's system calls are met evenly, from the first to the last.
  const int rounds = std::max(1, (crashes() / 2 + static_cast<int>(measures.size()) - 1) /
                                     static_cast<int>(measures.size()));
  for (int round = 0; (round < rounds || killed < crashes()) && !HasFailure(); ++round) {
    for (std::size_t i = 0; i < measures.size(); ++i) {
      const Operation& operation = operations()[i];
      for (const bool by_call : {false, true}) {
        ASSERT_NO_FATAL_FAILURE(prepare(operation.before));
        const std::string pid = operation.lives ? pid_of() : "";
        const long calls = measures[i].calls;
        const long call =
            (calls * (round % rounds) + static_cast<long>(random() % calls)) / rounds + 1;
        const auto delay = std::chrono::microseconds(random() % (measures[i].took.count() + 1000));
        const Ended ended = by_call ? kill_at_call(line(operation.words), call)
                                    : kill_after(line(operation.words), delay);
        killed += ended.killed ? 1 : 0;
        SCOPED_TRACE(fill_in("{}, killed {} {}", operation.name, by_call ? "at stop" : "after us",
                             by_call ? call : delay.count()));
        check_found(operation, pid);
        check_removed();
      }
    }
  }
  // What was half made is no container's: the next that is made clears it away.
  ASSERT_NO_FATAL_FAILURE(prepare(Before::kCreated));
  check_removed();
  EXPECT_EQ(names_in("run"), std::vector<std::string>());
}

}  // namespace
}  // namespace plimsoll::oci
