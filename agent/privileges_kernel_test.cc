// Giving up rights, tried in child processes: there is no way back.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "agent/privileges.h"
#include "agent/sandbox.h"
#include "base/fd.h"
#include "base/temp_tree.h"

namespace plimsoll::agent {
namespace {

constexpr CapabilityMask kReadSearch = CapabilityMask{1} << CAP_DAC_READ_SEARCH;

// What a child finds out: each failed expectation is told on stderr and ends it with 1.
void in_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

class Privileges : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto account = find_account("nobody");
    if (!account) GTEST_SKIP() << "no user nobody: " << account.error().message();
    if (::geteuid() != 0 || !can_become(*account)) GTEST_SKIP() << "needs root";
    nobody_ = *account;
  }
  PrivilegePlan plan() const { return {nobody_, kReadSearch, {}}; }
  Account nobody_;
};

TEST_F(Privileges, NothingIsLeftButWhatIsKept) {
  in_child([&] {
    const auto dropped = drop_privileges(plan());
    EXPECT_TRUE(dropped) << dropped.error().message();
    EXPECT_EQ(::getuid(), nobody_.uid);
    EXPECT_EQ(::getegid(), nobody_.gid);
    const auto held = held_capabilities();
    EXPECT_EQ(held->effective, kReadSearch);
    EXPECT_EQ(held->permitted, kReadSearch);
    EXPECT_EQ(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    EXPECT_EQ(::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0), 0);
    EXPECT_EQ(::prctl(PR_CAPBSET_READ, CAP_DAC_READ_SEARCH, 0, 0, 0), 1);
    EXPECT_NE(::setuid(0), 0);
    const Fd shadow(::open("/etc/shadow", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(shadow) << "CAP_DAC_READ_SEARCH does not work";
    EXPECT_FALSE(Fd(::open("/etc/plimsoll-test-new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  });
}

TEST_F(Privileges, WithoutAnyEverythingElseStillWorks) {
  in_child([&] {
    PrivilegePlan none = plan();
    none.keep = 0;
    EXPECT_TRUE(drop_privileges(none));
    EXPECT_EQ(held_capabilities()->permitted, 0U);
    EXPECT_FALSE(Fd(::open("/etc/shadow", O_RDONLY | O_CLOEXEC)));
    EXPECT_TRUE(Fd(::open("/proc/self/status", O_RDONLY | O_CLOEXEC)));
  });
}

TEST_F(Privileges, WritableDirectoriesAreHandedOver) {
  const TempTree tree{{"queue/1.batch", "x"}};
  ::chmod(tree.path().c_str(), 0755);
  const std::string other = tree.path() + "/queue/other";
  ASSERT_EQ(::symlink("/etc/passwd", other.c_str()), 0);
  in_child([&] {
    PrivilegePlan with = plan();
    with.writable_directories = {tree.path() + "/queue", tree.path() + "/new"};
    const auto dropped = drop_privileges(with);
    EXPECT_TRUE(dropped) << dropped.error().message();
    for (const char* name : {"/queue/2.batch", "/new/1.batch"})
      EXPECT_TRUE(Fd(::open((tree.path() + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)))
          << name;
    EXPECT_EQ(::unlink((tree.path() + "/queue/1.batch").c_str()), 0);
    EXPECT_FALSE(Fd(::open((tree.path() + "/3").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
  });
  struct stat passwd{};
  ::stat("/etc/passwd", &passwd);
  EXPECT_EQ(passwd.st_uid, 0U) << "a link led outside";
}

TEST_F(Privileges, AnotherThreadIsAReasonNotToGoOn) {
  in_child([&] {
    const std::jthread other([](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    const auto dropped = drop_privileges(plan());
    EXPECT_FALSE(dropped);
    EXPECT_EQ(::getuid(), 0U);
  });
}

TEST(Accounts, ByNameAndNumber) {
  EXPECT_EQ(find_account("root")->uid, 0U);
  const auto numbers = find_account("998:997");
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->uid, 998U);
  EXPECT_EQ(numbers->gid, 997U);
  EXPECT_EQ(find_account("12345")->gid, 12345U);
  for (const char* bad : {"plimsoll-test-nobody", "-1", "1:", "1:x", "99999999999"})
    EXPECT_EQ(find_account(bad).error().kind, ErrorKind::kNotOffered) << bad;
}

class Sandbox : public ::testing::Test {
 protected:
  static void enter(FileWrites writes) {
    const auto entered = enter_sandbox(writes);
    EXPECT_TRUE(entered) << entered.error().message();
  }
  void SetUp() override {
    // Told in a child: a filter that was entered stays.
    int status = 0;
    const pid_t child = ::fork();
    if (child == 0) {
      const auto entered = enter_sandbox(FileWrites::kForbidden);
      ::_exit(entered ? 0 : entered.error().kind == ErrorKind::kNotOffered ? 2 : 1);
    }
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
      GTEST_SKIP() << "no filter in a build with sanitizers, or on this kernel";
  }
  TempTree tree_{{"file", "text"}};
  std::string path_ = tree_.path() + "/file";
};

#define EXPECT_EPERM(call)            \
  do {                                \
    errno = 0;                        \
    EXPECT_EQ((call), -1) << #call;   \
    EXPECT_EQ(errno, EPERM) << #call; \
  } while (false)

TEST_F(Sandbox, OpensNothingForWriting) {
  in_child([&] {
    enter(FileWrites::kForbidden);
    const char* const path = path_.c_str();
    EXPECT_TRUE(Fd(::open(path, O_RDONLY | O_CLOEXEC)));
    EXPECT_TRUE(Fd(::open(tree_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC,
                            O_WRONLY | O_APPEND, O_TMPFILE | O_RDWR, O_ACCMODE}) {
      EXPECT_EPERM(::open(path, flags | O_CLOEXEC, 0600));
#ifdef SYS_open
      EXPECT_EPERM(static_cast<int>(::syscall(SYS_open, path, flags, 0600)));
      EXPECT_EPERM(static_cast<int>(::syscall(SYS_creat, path, 0600)));
#endif
      EXPECT_EPERM(::openat(AT_FDCWD, path, flags | O_CLOEXEC, 0600));
    }
    EXPECT_EPERM(::truncate(path, 0));
    EXPECT_EPERM(::unlink(path));
    EXPECT_EPERM(::rename(path, (path_ + "2").c_str()));
    EXPECT_EPERM(::link(path, (path_ + "2").c_str()));
    EXPECT_EPERM(::symlink(path, (path_ + "2").c_str()));
    EXPECT_EPERM(::mkdir((path_ + "2").c_str(), 0700));
    EXPECT_EPERM(::rmdir(tree_.path().c_str()));
    EXPECT_EPERM(::chmod(path, 0777));
    EXPECT_EPERM(::mknod((path_ + "2").c_str(), S_IFIFO | 0600, 0));
  });
}

TEST_F(Sandbox, LooksAtNoOtherWayToOpen) {
  in_child([&] {
    enter(FileWrites::kForbidden);
    for (const long number : {SYS_openat2, SYS_io_uring_setup, SYS_clone3}) {
      errno = 0;
      EXPECT_EQ(::syscall(number, 0, 0, 0, 0), -1);
      EXPECT_EQ(errno, ENOSYS);
    }
  });
}

TEST_F(Sandbox, StartsThreadsAndNoProcesses) {
  in_child([&] {
    enter(FileWrites::kForbidden);
    EXPECT_EPERM(::fork());
    char* const argv[] = {nullptr};
    EXPECT_EPERM(::execve("/bin/true", argv, argv));
    EXPECT_EPERM(static_cast<int>(::ptrace(PTRACE_TRACEME, 0, 0, 0)));
    EXPECT_EPERM(::kill(::getppid(), 0));
    bool ran = false;
    int in_thread = 0;
    std::thread([&] {
      ran = true;
      in_thread = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    }).join();
    EXPECT_TRUE(ran);
    EXPECT_EQ(in_thread, -1);
  });
}

TEST_F(Sandbox, TalksByTheUsualNetworksOnly) {
  in_child([&] {
    enter(FileWrites::kForbidden);
    for (const int family : {AF_UNIX, AF_INET, AF_NETLINK}) {
      const Fd socket(
          ::socket(family, (family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM) | SOCK_CLOEXEC, 0));
      EXPECT_TRUE(socket) << family;
    }
    for (const int family : {AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_X25}) {
      errno = 0;
      EXPECT_EQ(::socket(family, SOCK_RAW, 0), -1);
      EXPECT_EQ(errno, EAFNOSUPPORT) << family;
    }
  });
}

TEST_F(Sandbox, WritesFilesWhereThatIsConfigured) {
  in_child([&] {
    enter(FileWrites::kAllowed);
    EXPECT_TRUE(Fd(::open((path_ + "2").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
    EXPECT_EQ(::rename((path_ + "2").c_str(), (path_ + "3").c_str()), 0);
    EXPECT_EPERM(::fork());
    EXPECT_EPERM(::chmod(path_.c_str(), 0777));
  });
}

}  // namespace
}  // namespace plimsoll::agent
