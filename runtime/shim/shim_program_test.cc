// The program itself, with shell scripts for the command that makes a container.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/number.h"
#include "base/read_file.h"
#include "base/temp_tree.h"
#include "base/text.h"
#include "runtime/shim/client.h"
#include "runtime/shim/sockets.h"

namespace plimsoll::shim {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// It is built beside this program, wherever both are carried.
std::string program() {
  char path[4096];
  const ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string self(path, size < 0 ? 0 : static_cast<std::size_t>(size));
  return self.substr(0, self.rfind('/') + 1) + "plimsoll-shim";
}

class Shim : public ::testing::Test {
 protected:
  ~Shim() override {
    if (shim_ > 0) {
      ::kill(shim_, SIGKILL);
      ::waitpid(shim_, nullptr, 0);
    }
    if (container_ > 0) ::kill(container_, SIGKILL);
  }
  // `container` is what runs in the background; its pid is the container's. It begins when the
  // command has ended: a shell would take the status of a child that ends before.
  void start(const std::string& container, std::vector<std::string> options = {},
             const std::string& after = "") {
    tree_.write("create",
                "#!/bin/sh\nexec 3<&0\n(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; " +
                    container + ") <&3 3<&- &\necho $! >" + path("pid") + "\n" + after + "\n");
    ::chmod(path("create").c_str(), 0700);
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    std::vector<std::string> words = {program(),    "--dir",      tree_.path(),
                                      "--pid-file", path("pid"),  "--log",
                                      path("log"),  "--ready-fd", std::to_string(ready[1])};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"--", path("create")});
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    shim_ = ::fork();
    if (shim_ == 0) {
      ::fcntl(ready[1], F_SETFD, 0);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(ready[1]);
    char text[512];
    ssize_t size = 0;
    while ((size = ::read(ready[0], text, sizeof text)) > 0)
      ready_.append(text, static_cast<std::size_t>(size));
    ::close(ready[0]);
    if (ready_.starts_with("pid "))
      container_ = to_number<pid_t>(trim(ready_.substr(4))).value_or(0);
  }
  [[nodiscard]] std::string path(const char* name) const { return tree_.path() + "/" + name; }
  [[nodiscard]] std::string text(const char* name) const {
    const auto read = read_file_at(dir_, name);
    return read ? *read : "none";
  }
  int wait_for_shim() {
    int status = 0;
    ::waitpid(shim_, &status, 0);
    shim_ = 0;
    return status;
  }
  // The bytes of one stream, as many as `wanted` has.
  static std::string receive(Connection& connection, Answer stream, std::size_t wanted) {
    std::string bytes;
    while (bytes.size() < wanted) {
      const auto packet = connection.receive(5s);
      if (!packet) return bytes + " (" + packet.error().message() + ")";
      if (packet->answer == stream) bytes += packet->content;
    }
    return bytes;
  }

  TempTree tree_;
  DirFd dir_ = *open_dir(tree_.path().c_str());
  pid_t shim_ = 0;
  pid_t container_ = 0;
  std::string ready_;
};

TEST_F(Shim, KeepsOutputAndStatus) {
  start("echo out; echo err >&2; printf end; exit 7");
  EXPECT_THAT(ready_, HasSubstr("pid "));
  EXPECT_EQ(wait_for_shim(), 0);
  const auto seen = look(dir_);
  ASSERT_TRUE(seen) << seen.error().message();
  ASSERT_EQ(seen->state, Look::State::kEnded);
  EXPECT_EQ(seen->exit->exit_code, 7);
  EXPECT_EQ(seen->exit->pid, container_);
  EXPECT_EQ(seen->exit->log_lost, 0U);
  EXPECT_THAT(text("log"), HasSubstr(R"({"log":"out\n","stream":"stdout")"));
  EXPECT_THAT(text("log"), HasSubstr(R"({"log":"err\n","stream":"stderr")"));
  EXPECT_THAT(text("log"), HasSubstr(R"({"log":"end","stream":"stdout")"));
  EXPECT_NE(::access(path("shim.sock").c_str(), F_OK), 0);
  container_ = 0;
}

TEST_F(Shim, IsSmall) {
  start("sleep 60");
  struct stat facts{};
  ASSERT_EQ(::stat(path("shim.sock").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  std::this_thread::sleep_for(50ms);
  const DirFd root = *open_dir("/");
  const auto rollup =
      read_file_at(root, ("proc/" + std::to_string(shim_) + "/smaps_rollup").c_str());
  ASSERT_TRUE(rollup) << rollup.error().message();
  std::string_view rest = *rollup;
  std::optional<std::uint64_t> kib;
  for (std::string_view row; next_line(rest, row);) {
    std::string_view word;
    if (next_word(row, word) && word == "Rss:" && next_word(row, word))
      kib = to_number<std::uint64_t>(word);
  }
  ASSERT_TRUE(kib);
  EXPECT_LE(*kib, 600U);
}

TEST_F(Shim, AKilledContainerIsToldToWhoWaits) {
  start("exec sleep 60");
  auto connection = Connection::connect(dir_);
  ASSERT_TRUE(connection) << connection.error().message();
  ASSERT_TRUE(connection->send(Request::kStatus));
  EXPECT_EQ(connection->receive(5s)->content, "{\"pid\":" + std::to_string(container_) + "}\n");
  EXPECT_EQ(look(dir_)->state, Look::State::kKept);
  ::kill(container_, SIGKILL);
  const auto record = connection->wait(5s);
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->exit_code, 137);
  EXPECT_EQ(record->signal, SIGKILL);
  EXPECT_EQ(wait_for_shim(), 0);
  container_ = 0;
}

TEST_F(Shim, OutlivesSignalsMeantForItsEngine) {
  start("exec sleep 60");
  for (const int signal : {SIGHUP, SIGINT, SIGTERM, SIGPIPE}) ::kill(shim_, signal);
  const auto connection = Connection::connect(dir_);
  EXPECT_TRUE(connection);
  EXPECT_NE(::getsid(shim_), ::getsid(0));
  EXPECT_EQ(::waitpid(shim_, nullptr, WNOHANG), 0);
}

TEST_F(Shim, CarriesInputAndOutputForWhoComesAgain) {
  start("exec cat", {"--stdin"});
  for (const char* words : {"first\n", "second\n"}) {
    auto connection = Connection::connect(dir_);
    ASSERT_TRUE(connection) << connection.error().message();
    ASSERT_TRUE(connection->send(Request::kAttach));
    EXPECT_EQ(connection->receive(5s)->answer, Answer::kDone);
    ASSERT_TRUE(connection->send(Request::kStdin, words));
    EXPECT_EQ(receive(*connection, Answer::kStdout, std::strlen(words)), words);
  }
  auto connection = Connection::connect(dir_);
  ASSERT_TRUE(connection && connection->send(Request::kEndStdin));
  EXPECT_EQ(wait_for_shim(), 0);
  const auto seen = look(dir_);
  ASSERT_TRUE(seen && seen->exit);
  EXPECT_EQ(seen->exit->exit_code, 0);
  container_ = 0;
}

TEST_F(Shim, AFloodIsBoundedOnDiskAndInMemory) {
  start("yes 0123456789012345678901234567890123456789 | head -c 4000000",
        {"--log-max-size", "100000", "--log-max-files", "2"});
  EXPECT_EQ(wait_for_shim(), 0);
  for (const char* name : {"log", "log.1"}) {
    struct stat facts{};
    ASSERT_EQ(::stat(path(name).c_str(), &facts), 0) << name;
    // One read's worth of lines is never cut in two.
    EXPECT_LE(facts.st_size, 200'000) << name;
  }
  EXPECT_EQ(text("log.2"), "none");
  EXPECT_TRUE(text("log").ends_with("Z\"}\n"));
  container_ = 0;
}

TEST_F(Shim, ACommandThatFailsIsSaid) {
  start("true", {}, "exit 5");
  EXPECT_THAT(ready_, HasSubstr("error "));
  EXPECT_THAT(ready_, HasSubstr("ended with 5"));
  EXPECT_EQ(WEXITSTATUS(wait_for_shim()), 1);
  EXPECT_EQ(look(dir_)->state, Look::State::kLost);
}

TEST_F(Shim, ItsDeathIsNoticed) {
  start("exec sleep 60");
  ::kill(shim_, SIGKILL);
  wait_for_shim();
  EXPECT_EQ(look(dir_)->state, Look::State::kLost);
  EXPECT_EQ(::kill(container_, 0), 0) << "the container went with it";
  EXPECT_FALSE(Connection::connect(dir_));
}

TEST_F(Shim, ADirectoryHasOneKeeper) {
  start("exec sleep 60");
  const pid_t first = shim_;
  const pid_t container = container_;
  ready_.clear();
  start("true");
  EXPECT_EQ(WEXITSTATUS(wait_for_shim()), 1);
  shim_ = first;
  container_ = container;
  EXPECT_TRUE(Connection::connect(dir_)) << "the first one's socket was taken away";
}

TEST_F(Shim, StrangersAreNotHeard) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to be somebody else";
  start("exec sleep 60");
  // As if somebody had opened the doors.
  ::chmod(tree_.path().c_str(), 0755);
  ::chmod(path("shim.sock").c_str(), 0666);
  const pid_t stranger = ::fork();
  if (stranger == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    auto connection = Connection::connect(dir_);
    if (!connection) ::_exit(3);
    std::ignore = connection->send(Request::kStatus);
    const auto answer = connection->receive(5s);
    ::_exit(answer ? 1 : 0);
  }
  int status = 0;
  ::waitpid(stranger, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Shim, ATerminalIsSized) {
  const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master);
  ASSERT_EQ(::unlockpt(master.get()), 0);
  const Fd slave(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT
  ASSERT_TRUE(slave);
  start("exec sleep 60", {"--terminal", "--stdin"});
  const auto console = connect_in(dir_, kConsoleFile, SOCK_STREAM);
  ASSERT_TRUE(console) << console.error().message();
  char name[] = "/dev/console";
  iovec data{name, sizeof name};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = master.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ASSERT_GT(::sendmsg(console->get(), &message, 0), 0);
  auto connection = Connection::connect(dir_);
  ASSERT_TRUE(connection && connection->send(Request::kAttach));
  EXPECT_EQ(connection->receive(5s)->answer, Answer::kDone);
  ASSERT_EQ(::write(slave.get(), "seen", 4), 4);
  EXPECT_EQ(receive(*connection, Answer::kStdout, 4), "seen");
  ASSERT_TRUE(connection->send(Request::kResize, "33 77"));
  EXPECT_EQ(connection->receive(5s)->answer, Answer::kDone);
  winsize size{};
  ASSERT_EQ(::ioctl(slave.get(), TIOCGWINSZ, &size), 0);
  EXPECT_EQ(size.ws_row, 33);
  EXPECT_EQ(size.ws_col, 77);
  ASSERT_TRUE(connection->send(Request::kStdin, "typed\n"));
  char typed[16];
  ASSERT_EQ(::read(slave.get(), typed, sizeof typed), 6);
  EXPECT_EQ(std::string_view(typed, 6), "typed\n");
  ASSERT_TRUE(connection->send(Request::kResize, "70000 1"));
  EXPECT_EQ(receive(*connection, Answer::kError, 1).substr(0, 6), "resize");
}

}  // namespace
}  // namespace plimsoll::shim
