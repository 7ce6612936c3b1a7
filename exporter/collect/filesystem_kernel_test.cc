// Layers and host file systems with real mounts, in a mount namespace of the test's own.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <thread>

#include "base/fake_clock.h"
#include "base/temp_tree.h"
#include "exporter/collect/disk_survey.h"
#include "exporter/collect/tree_walk.h"

namespace plimsoll::exporter {
namespace {

// Runs `work` in a thread with a mount namespace of its own, with a tmpfs at `point`; "" or why
// that was not possible.
std::string with_tmpfs(const std::string& point, const std::function<void()>& work) {
  std::string why_not;
  std::thread([&] {
    if (::unshare(CLONE_NEWNS | CLONE_FS) != 0) {
      why_not = std::string("unshare(CLONE_NEWNS): ") + std::strerror(errno);
    } else if (::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
               ::mount("plimsoll-test", point.c_str(), "tmpfs", 0, "size=4m,nr_inodes=100") != 0) {
      why_not = std::string("mounting a tmpfs: ") + std::strerror(errno);
    } else {
      work();
    }
  }).join();
  return why_not;
}

TEST(RealMounts, WalkEntersNoOtherFileSystem) {
  const TempTree tree{{"layer/file", "x"}, {"layer/mnt/", ""}};
  std::uint64_t bytes = 0;
  std::uint64_t inodes = 0;
  const std::string why_not = with_tmpfs(tree.path() + "/layer/mnt", [&] {
    tree.write("layer/mnt/large", std::string(1'000'000, 'x'));
    TreeWalk walk(Fd(::open((tree.path() + "/layer").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    EXPECT_EQ(walk.step([] { return false; }), TreeWalk::Step::kDone);
    bytes = walk.bytes();
    inodes = walk.inodes();
    EXPECT_EQ(walk.denied(), 0U);
  });
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  EXPECT_LT(bytes, 1'000'000U);
  EXPECT_EQ(inodes, 2U) << "the layer and its file, not the mount point";
}

TEST(RealMounts, TmpfsOfTheHostIsReportedWithItsLimits) {
  const TempTree tree{{"run/", ""}};
  const DirFd proc = open_dir("/proc").value();
  const FakeClock clock;
  FilesystemOptions options;
  options.host_root = tree.path();
  std::shared_ptr<const FilesystemCollector::Results> results;
  const std::string why_not = with_tmpfs(tree.path() + "/run", [&] {
    tree.write("run/file", std::string(1 << 20, 'x'));
    // As the host would list it: without the prefix under which we see it.
    struct stat info{};
    ASSERT_EQ(::stat((tree.path() + "/run").c_str(), &info), 0);
    tree.write("proc/1/mountinfo", "30 1 " + std::to_string(major(info.st_dev)) + ":" +
                                       std::to_string(minor(info.st_dev)) +
                                       " / /run rw - tmpfs tmpfs rw\n");
    DiskSurvey survey(open_dir((tree.path() + "/proc").c_str()).value(), clock, options);
    survey.want({{.serial = 1, .upper_dir = "/run", .log_path = ""}});
    static_cast<void>(survey.step([] { return false; }));
    results = survey.results();
  });
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  ASSERT_TRUE(results);
  ASSERT_EQ(results->host.size(), 1U);
  const FilesystemUsage& host = results->host[0];
  EXPECT_EQ(host.device, "/run");
  EXPECT_EQ(host.limit_bytes, 4U << 20);
  EXPECT_EQ(host.usage_bytes, 1U << 20);
  EXPECT_EQ(host.inodes_total, 100U);
  EXPECT_EQ(host.inodes_used, 2U);
  EXPECT_EQ(host.reads, std::nullopt);
  EXPECT_EQ(results->layers.at(1).usage_bytes, 1U << 20);
  EXPECT_EQ(results->layers.at(1).limit_bytes, 4U << 20);
}

TEST(RealMounts, ThisHostsRootIsFound) {
  const RealClock clock;
  DiskSurvey survey(open_dir("/proc").value(), clock, {});
  static_cast<void>(survey.step([] { return false; }));
  ASSERT_TRUE(survey.results());
  for (const FilesystemUsage& host : survey.results()->host) {
    EXPECT_GT(host.limit_bytes, 0U) << host.device;
    EXPECT_GE(host.limit_bytes, host.usage_bytes) << host.device;
    EXPECT_NE(host.device, "") << host.mountpoint;
    EXPECT_NE(host.type, "overlay");
  }
}

// The calling thread's only.
void become_nobody() {
  constexpr int kNobody = 65534;
  PLIMSOLL_CHECK(::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0);
}

TEST(RealMounts, LayerThatMayBeReadInPartOnlyIsAbsent) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become somebody else";
  const TempTree tree{{"store/1/diff/secret/file", "x"}, {"store/1/diff/open/file", "x"}};
  ASSERT_EQ(::chmod(tree.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod((tree.path() + "/store/1/diff/secret").c_str(), 0700), 0);
  struct stat info{};
  ASSERT_EQ(::stat(tree.path().c_str(), &info), 0);
  tree.write("proc/1/mountinfo", "30 1 " + std::to_string(major(info.st_dev)) + ":" +
                                     std::to_string(minor(info.st_dev)) +
                                     " / / rw - ext4 /dev/vdx rw\n");
  const FakeClock clock;
  FilesystemOptions options;
  options.host_root = tree.path();
  std::thread([&] {
    become_nobody();
    DiskSurvey survey(open_dir((tree.path() + "/proc").c_str()).value(), clock, options);
    survey.want({{.serial = 1, .upper_dir = "/store/1/diff", .log_path = ""}});
    static_cast<void>(survey.step([] { return false; }));
    EXPECT_FALSE(survey.results()->layers.contains(1));
    EXPECT_EQ(survey.stats().denied, 1U);
    EXPECT_EQ(survey.stats().waiting, 1U);
  }).join();
  ::prctl(PR_SET_DUMPABLE, 1);  // Changing the user cleared it for the whole process.
}

}  // namespace
}  // namespace plimsoll::exporter
