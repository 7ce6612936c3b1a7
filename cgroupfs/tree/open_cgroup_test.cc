#include <sys/stat.h>

#include "cgroupfs/tree/test_fake_host.h"

namespace plimsoll::cgroupfs {
namespace {

class OpenCgroup : public FakeHost {
 protected:
  [[nodiscard]] Cgroup group_of(const std::string& path) const {
    Cgroup group;
    group.path = path;
    struct stat st{};
    const std::string directory = host_.path() + "/memory" + path;
    if (::stat(directory.c_str(), &st) == 0) group.inode[memory_] = st.st_ino;
    return group;
  }
};

TEST_F(OpenCgroup, OpensTheDirectoryOfTheGroup) {
  host_.write("memory/a/b/memory.current", "7\n");
  const auto dir = open_cgroup(layout_, group_of("/a/b"), memory_);
  ASSERT_TRUE(dir) << dir.error().message();
  EXPECT_TRUE(open_at(*dir, "memory.current", O_RDONLY));
  EXPECT_TRUE(open_cgroup(layout_, group_of("/"), memory_));
}

TEST_F(OpenCgroup, RemovedOrReplacedIsGone) {
  make("memory/a");
  const Cgroup group = group_of("/a");
  pin_inodes("");
  pins_.push_back(*open_dir((host_.path() + "/memory/a").c_str()));
  host_.remove("memory/a");
  EXPECT_EQ(open_cgroup(layout_, group, memory_).error().kind, ErrorKind::kGone);
  make("memory/a");
  const auto replaced = open_cgroup(layout_, group, memory_);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().kind, ErrorKind::kGone);
  EXPECT_THAT(replaced.error().message(), testing::HasSubstr("cgroup /a"));
}

TEST_F(OpenCgroup, NotInTheHierarchyIsNotOffered) {
  make("memory/a");
  const Cgroup group = group_of("/a");
  EXPECT_EQ(open_cgroup(layout_, group, cpu_).error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(open_cgroup(layout_, group, 99).error().kind, ErrorKind::kNotOffered);
}

TEST_F(OpenCgroup, SymbolicLinksAreNotFollowed) {
  make("memory/a/b");
  std::filesystem::create_directory_symlink(host_.path() + "/memory/a", host_.path() + "/memory/l");
  Cgroup group = group_of("/a/b");
  group.path = "/l/b";
  EXPECT_FALSE(open_cgroup(layout_, group, memory_));
  group.path = "/../memory/a/b";
  EXPECT_FALSE(open_cgroup(layout_, group, memory_)) << "not beneath the hierarchy";
}

}  // namespace
}  // namespace plimsoll::cgroupfs
