#include "cgroupfs/tree/directory.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/temp_tree.h"

namespace plimsoll::cgroupfs {
namespace {

// A getdents64 record as the kernel lays it out, padded to 8 bytes.
std::string record(const std::string& name, unsigned char type) {
  std::string bytes(19, '\0');
  bytes[18] = static_cast<char>(type);
  bytes += name;
  bytes += '\0';
  bytes.resize((bytes.size() + 7) / 8 * 8, '\0');
  const auto length = static_cast<std::uint16_t>(bytes.size());
  std::memcpy(bytes.data() + 16, &length, sizeof length);
  return bytes;
}

TEST(DirectoryEntries, AreTakenOffTheBuffer) {
  const std::string buffer = record("a", DT_DIR) + record("memory.current", DT_REG);
  std::string_view rest = buffer;
  auto entry = next_entry(rest);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "a");
  EXPECT_EQ(entry->type, DT_DIR);
  entry = next_entry(rest);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "memory.current");
  EXPECT_FALSE(next_entry(rest));
}

TEST(DirectoryEntries, TornBufferEnds) {
  const std::string whole = record("abc", DT_DIR);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string_view torn = std::string_view(whole).substr(0, size);
    EXPECT_FALSE(next_entry(torn)) << size;
  }
  std::string zero_length = whole;
  zero_length[16] = 0;
  std::string_view rest = zero_length;
  EXPECT_FALSE(next_entry(rest));
}

TEST(DirectoryEntries, WithoutATypeTheKernelIsAsked) {
  const TempTree tree{{"dir/", ""}, {"file", "x"}};
  const DirFd dir = *open_dir(tree.path().c_str());
  EXPECT_TRUE(is_subdirectory(dir, {"dir", DT_UNKNOWN}));
  EXPECT_FALSE(is_subdirectory(dir, {"file", DT_UNKNOWN}));
  EXPECT_FALSE(is_subdirectory(dir, {"..", DT_UNKNOWN}));
  EXPECT_FALSE(is_subdirectory(dir, {".", DT_DIR}));
  EXPECT_FALSE(is_subdirectory(dir, {"vanished", DT_UNKNOWN}));
  EXPECT_FALSE(is_subdirectory(dir, {"file", DT_REG}));
}

TEST(ListDirectories, OnlyRealDirectoriesAndNotMoreThanExpected) {
  const TempTree tree{{"a/", ""}, {"b/", ""}, {"c/", ""}, {"file", "x"}};
  std::filesystem::create_directory_symlink(tree.path() + "/a", tree.path() + "/link");
  const DirFd dir = *open_dir(tree.path().c_str());
  const auto all = list_directories(dir, ".");
  ASSERT_TRUE(all) << all.error().message();
  EXPECT_THAT(all->names, testing::UnorderedElementsAre("a", "b", "c"));
  EXPECT_TRUE(look_at(all->dir, "a"));
  EXPECT_EQ(list_directories(dir, "file").error().os_error, ENOTDIR);
  EXPECT_EQ(list_directories(dir, "none").error().os_error, ENOENT);
}

TEST(ListDirectories, MoreNamesThanOneBufferHolds) {
  const TempTree tree;
  const std::string stem(100, 'x');
  for (int i = 0; i < 300; ++i) tree.write(stem + std::to_string(i) + "/", "");
  const DirFd dir = *open_dir(tree.path().c_str());
  EXPECT_EQ(list_directories(dir, ".")->names.size(), 300U);
}

TEST(LookAt, SaysWhatIsNoDirectory) {
  const TempTree tree{{"dir/", ""}, {"file", "x"}};
  std::filesystem::create_directory_symlink(tree.path() + "/dir", tree.path() + "/link");
  const DirFd dir = *open_dir(tree.path().c_str());
  EXPECT_NE(look_at(dir, "dir")->inode, 0U);
  for (const char* name : {"file", "link", "none"})
    EXPECT_EQ(look_at(dir, name).error().kind, ErrorKind::kNotOffered) << name;
  EXPECT_EQ(links_of(dir), Links::kMeaningless) << "only cgroup file systems are trusted";
  EXPECT_FALSE(file_birth(dir, "none"));
}

}  // namespace
}  // namespace plimsoll::cgroupfs
