// The keeper with the runtime it is made for: containers of plimsoll-oci, with busybox in them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/temp_tree.h"
#include "runtime/shim/client.h"

namespace plimsoll::shim {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Built beside this program, wherever all are carried.
std::string program(const char* name) {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string self(path, size < 0 ? 0 : static_cast<std::size_t>(size));
  return self.substr(0, self.rfind('/') + 1) + name;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Container : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make containers";
    const std::string busybox = text_of("/bin/busybox");
    if (busybox.empty()) GTEST_SKIP() << "there is no /bin/busybox to put into a container";
    tree_.write("bundle/rootfs/bin/busybox", busybox);
    ::chmod(path("bundle/rootfs/bin/busybox").c_str(), 0755);
    tree_.write("keeper/", "");
    ::chmod(path("keeper").c_str(), 0700);
    ASSERT_EQ(run({"spec", "--bundle", path("bundle")}), 0);
  }
  void TearDown() override {
    if (shim_ == 0) return;
    EXPECT_EQ(run({"delete", "--force", id_}), 0);
    ::waitpid(shim_, nullptr, 0);
  }

  void have(const std::string& script, const char* terminal) {
    std::string config = text_of(path("bundle/config.json"));
    const auto put = [&](const std::string& key, char end, const std::string& value) {
      const std::size_t at = config.find("\"" + key + "\":");
      ASSERT_NE(at, std::string::npos) << key;
      const std::size_t from = config.find(':', at) + 1;
      config.replace(from, config.find(end, from) - from, value);
    };
    put("terminal", ',', terminal);
    put("args", ']', R"( ["/bin/busybox", "sh", "-c", ")" + script + "\"");
    tree_.write("bundle/config.json", config);
  }
  void keep(std::vector<std::string> options, const std::vector<std::string>& create) {
    std::vector<std::string> words = {program("plimsoll-shim"),
                                      "--dir",
                                      path("keeper"),
                                      "--pid-file",
                                      path("pid"),
                                      "--log",
                                      path("log"),
                                      "--ready-fd",
                                      "9"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", program("plimsoll-oci"), "--root", path("root"), "create",
                               "--bundle", path("bundle"), "--pid-file", path("pid")});
    words.insert(words.end(), create.begin(), create.end());
    words.push_back(id_);
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    shim_ = spawn(words, ready[1]);
    ::close(ready[1]);
    char text[512];
    const ssize_t size = ::read(ready[0], text, sizeof text);
    ::close(ready[0]);
    const std::string said(text, size < 0 ? 0 : static_cast<std::size_t>(size));
    ASSERT_THAT(said, HasSubstr("pid ")) << text_of(path("log"));
  }
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), {program("plimsoll-oci"), "--root", path("root")});
    int status = -1;
    ::waitpid(spawn(words, 2), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // `ready` becomes descriptor 9.
  static pid_t spawn(std::vector<std::string>& words, int ready) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::dup2(ready, 9);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return tree_.path() + "/" + name;
  }

  const std::string id_ = "plimsoll-test-kept-" + std::to_string(::getpid());
  TempTree tree_;
  pid_t shim_ = 0;
};

TEST_F(Container, ItsOutputAndItsEndAreKept) {
  have("echo out; echo bad >&2; exit 42", "false");
  keep({}, {});
  const DirFd dir = *open_dir(path("keeper").c_str());
  auto connection = Connection::connect(dir);
  ASSERT_TRUE(connection) << connection.error().message();
  ASSERT_TRUE(connection->send(Request::kWait));
  ASSERT_EQ(run({"start", id_}), 0);
  const auto told = connection->receive(10s);
  ASSERT_TRUE(told) << told.error().message();
  EXPECT_THAT(told->content, HasSubstr(R"("exit_code":42)"));
  EXPECT_EQ(look(dir)->exit->exit_code, 42);
  EXPECT_THAT(text_of(path("log")), HasSubstr(R"({"log":"out\n","stream":"stdout")"));
  EXPECT_THAT(text_of(path("log")), HasSubstr(R"({"log":"bad\n","stream":"stderr")"));
}

TEST_F(Container, ItsTerminalIsHeld) {
  have("read line; echo got $line; exec /bin/busybox stty size", "true");
  keep({"--terminal", "--stdin"}, {"--console-socket", path("keeper/console.sock")});
  const DirFd dir = *open_dir(path("keeper").c_str());
  auto connection = Connection::connect(dir);
  ASSERT_TRUE(connection && connection->send(Request::kAttach));
  EXPECT_EQ(connection->receive(5s)->answer, Answer::kDone);
  ASSERT_TRUE(connection->send(Request::kResize, "31 91"));
  EXPECT_EQ(connection->receive(5s)->answer, Answer::kDone);
  ASSERT_EQ(run({"start", id_}), 0);
  ASSERT_TRUE(connection->send(Request::kStdin, "words\n"));
  std::string seen;
  while (seen.find("31 91") == std::string::npos) {
    const auto packet = connection->receive(10s);
    ASSERT_TRUE(packet) << packet.error().message() << " after " << seen;
    if (packet->answer == Answer::kStdout) seen += packet->content;
  }
  EXPECT_THAT(seen, HasSubstr("got words"));
}

}  // namespace
}  // namespace plimsoll::shim
