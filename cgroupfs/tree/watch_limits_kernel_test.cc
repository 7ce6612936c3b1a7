// The kernel's own refusals: in a child with a user namespace of its own, whose inotify limits can
// be set without touching anybody else's.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>

#include "cgroupfs/tree/test_fake_host.h"

namespace plimsoll::cgroupfs {
namespace {

constexpr int kNoNamespace = 77;

class WatchLimits : public FakeHost {
 protected:
  // Runs `body` in the child; it returns what was wrong, empty if nothing.
  static void in_namespace(const char* limit, int value, const std::function<std::string()>& body) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (::unshare(CLONE_NEWUSER) != 0) ::_exit(kNoNamespace);
      std::ofstream file(std::string("/proc/sys/user/") + limit);
      file << value << std::flush;
      if (!file) ::_exit(kNoNamespace);
      const std::string wrong = body();
      if (!wrong.empty()) std::fprintf(stderr, "%s\n", wrong.c_str());
      ::_exit(wrong.empty() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoNamespace)
      GTEST_SKIP() << "this machine gives no user namespace with inotify limits of its own";
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
  static std::string unless(bool good, const std::string& wrong) {
    return good ? "" : wrong + "; ";
  }
};

TEST_F(WatchLimits, RefusedWatchesAreCountedAndTheWalkSeesTheRest) {
  for (const char* group : {"a", "b", "c"}) make_everywhere(group);
  in_namespace("max_inotify_watches", 5, [&] {
    start();
    update();
    TreeStats stats = tree_->stats();
    std::string wrong =
        unless(stats.watches == 5, "watches " + std::to_string(stats.watches)) +
        unless(stats.watches_refused == 7, "refused " + std::to_string(stats.watches_refused));
    make_everywhere("d");
    clock_.advance(TreeOptions().blind_rescan_interval);
    wrong += unless(update().added == std::vector<std::string>{"/d"}, "/d not found");
    remove_everywhere("a");
    remove_everywhere("b");
    remove_everywhere("d");
    clock_.advance(TreeOptions().blind_rescan_interval);
    update();
    clock_.advance(TreeOptions().blind_rescan_interval);
    update();
    stats = tree_->stats();
    return wrong +
           unless(stats.watches == 5 && stats.watches_refused == 1,
                  "watches that became free were not used: " + std::to_string(stats.watches));
  });
}

TEST_F(WatchLimits, WithoutAnInstanceTheTreeIsWalked) {
  in_namespace("max_inotify_instances", 0, [&] {
    start();
    update();
    make_everywhere("a");
    clock_.advance(TreeOptions().blind_rescan_interval);
    return unless(tree_->notification_fd() == -1, "there is an instance") +
           unless(update().added == std::vector<std::string>{"/a"}, "/a not found");
  });
}

}  // namespace
}  // namespace plimsoll::cgroupfs
