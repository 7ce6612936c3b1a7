#include "base/open_in_root.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temp_tree.h"

namespace plimsoll {
namespace {

class InRoot : public ::testing::Test {
 protected:
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), (tree_.path() + "/root/" + name).c_str()), 0);
  }
  void SetUp() override {
    link("/run/state", "absolute");
    link("../../../../outside", "up");
    link("dir/file", "dir_file");
    link("/run", "var");
    link("loop", "loop");
    link("nothing", "dangling");
    link("..", "dir/parent");
    link("/etc/passwd", "passwd");
  }
  // What a way of opening gives: "inode" or the error's number.
  std::string told(const Result<Fd>& opened) const {
    if (!opened) return "error " + std::to_string(opened.error().os_error);
    struct stat status{};
    EXPECT_EQ(::fstat(opened->get(), &status), 0);
    return "inode " + std::to_string(status.st_ino);
  }
  std::string inode(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(::stat((tree_.path() + "/" + name).c_str(), &status), 0) << name;
    return "inode " + std::to_string(status.st_ino);
  }
  TempTree tree_{{"root/run/state", "s"},
                 {"root/dir/file", "f"},
                 {"root/outside", "inside"},
                 {"outside", "o"}};
  DirFd root_ = *open_dir((tree_.path() + "/root").c_str());
};

TEST_F(InRoot, LinksStayInside) {
  EXPECT_EQ(told(walk_in_root(root_, "/absolute", O_RDONLY)), inode("root/run/state"));
  EXPECT_EQ(told(walk_in_root(root_, "/up", O_RDONLY)), inode("root/outside"));
  EXPECT_EQ(told(walk_in_root(root_, "/var/state", O_RDONLY)), inode("root/run/state"));
  EXPECT_EQ(told(walk_in_root(root_, "../../outside", O_RDONLY)), inode("root/outside"));
  EXPECT_EQ(told(walk_in_root(root_, "/passwd", O_RDONLY)), "error 2");
}

// The kernel knows best how a path is meant.
TEST_F(InRoot, AgreesWithTheKernel) {
  for (const char* path : {"/",           "",
                           ".",           "..",
                           "/run",        "/run/",
                           "run//state",  "/run/state",
                           "/run/state/", "/run/state/x",
                           "/absolute",   "/absolute/",
                           "/up",         "/dir_file",
                           "dir/parent",  "dir/parent/run/../dir/file",
                           "/var/state",  "/var/../outside",
                           "/loop",       "/loop/x",
                           "/dangling",   "/nothing/x",
                           "/passwd",     "/dir/./file",
                           "/dir/.."})
    for (const int flags :
         {O_RDONLY, O_RDONLY | O_NOFOLLOW, O_PATH, O_PATH | O_NOFOLLOW, O_RDONLY | O_DIRECTORY}) {
      if (std::string(path).empty()) continue;  // ENOENT there, and never asked for.
      EXPECT_EQ(told(walk_in_root(root_, path, flags)), told(open_in_root(root_, path, flags)))
          << "'" << path << "' " << flags;
    }
}

}  // namespace
}  // namespace plimsoll
