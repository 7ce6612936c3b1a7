// Archives of an enemy: nothing is written outside, and a refused one leaves the store as it was.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/temp_tree.h"
#include "runtime/image/disk_store.h"
#include "runtime/image/testing.h"
#include "runtime/image/unpacker.h"

namespace plimsoll::image {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

bool listen(const Progress& /*progress*/) {
  return true;
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

class Hostile : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: unpacking happens in a root directory";
    tree_.write("canary/passwd", "untouched");
    Result<std::unique_ptr<DiskStore>> store = DiskStore::open(
        {tree_.path() + "/store", "vfs",
         Unpacker(Unpacker::default_program(),
                  {.bytes = 64U << 20U, .entries = 1000, .ratio = 100, .free_bytes = 1U << 20U})});
    ASSERT_TRUE(store) << store.error().message();
    store_ = std::move(*store);
  }
  void TearDown() override {
    if (!store_) return;
    EXPECT_EQ(text_of(tree_.path() + "/canary/passwd"), "untouched");
    EXPECT_EQ(std::distance(fs::directory_iterator(tree_.path() + "/canary"), {}), 1);
    EXPECT_FALSE(fs::exists("/plimsoll-test-escaped"));
  }
  model::Answer<std::string> import(const std::string& tar) {
    return store_->import_tree(file_of(tree_, tar), "plimsoll/hostile", "", {}, listen);
  }
  // The tree of the only layer.
  [[nodiscard]] std::string layer() const {
    for (const auto& each : fs::directory_iterator(tree_.path() + "/store/layers"))
      return each.path().string() + "/d";
    return "";
  }
  void refuses(const std::string& tar, const std::string& why) {
    const model::Answer<std::string> id = import(tar);
    ASSERT_FALSE(id) << "taken, where this was to be refused: " << why;
    EXPECT_THAT(id.error().message, HasSubstr(why));
    is_empty();
  }
  void is_empty() const {
    for (const char* where : {"blobs/sha256", "layers", "staging"})
      EXPECT_TRUE(fs::is_empty(tree_.path() + "/store/" + where)) << where;
    EXPECT_TRUE(store_->list().empty());
  }
  // What a path outside looks like from where things are unpacked: as deep as one likes.
  [[nodiscard]] std::string outside() const { return tree_.path() + "/canary"; }

  TempTree tree_;
  std::unique_ptr<DiskStore> store_;
};

TEST_F(Hostile, NamesThatLeadUp) {
  refuses(tar_of({{.name = "../escaped", .data = "x"}}), "leads out of the tree");
  refuses(tar_of({{.name = "a/../../escaped", .data = "x"}}), "leads out of the tree");
  refuses(tar_of({{.name = "ok", .data = "x", .pax = {{"path", repeated("../", 40) + "etc/x"}}}}),
          "leads out of the tree");
}

TEST_F(Hostile, AbsoluteNamesAreTheTreesOwn) {
  ASSERT_TRUE(import(tar_of({{.name = "/plimsoll-test-escaped", .data = "x"}})));
  EXPECT_EQ(text_of(layer() + "/plimsoll-test-escaped"), "x");
}

TEST_F(Hostile, ALinkThenAFileThroughIt) {
  ASSERT_TRUE(import(tar_of({{.name = "up", .type = '2', .link = outside()},
                             {.name = "deep", .type = '2', .link = repeated("../", 40)},
                             {.name = "deep/plimsoll-test-escaped", .data = "x"}})));
  EXPECT_EQ(text_of(layer() + "/plimsoll-test-escaped"), "x") << "the root of the tree is its top";
}

TEST_F(Hostile, ALinkToAPlaceThatIsOnlyOutside) {
  refuses(tar_of({{.name = "up", .type = '2', .link = outside()},
                  {.name = "up/passwd", .data = "overwritten"}}),
          "up/passwd");
}

TEST_F(Hostile, AFileInThePlaceOfALinkReplacesIt) {
  ASSERT_TRUE(import(tar_of({{.name = "up", .type = '2', .link = outside() + "/passwd"},
                             {.name = "up", .data = "mine"}})));
  EXPECT_EQ(text_of(layer() + "/up"), "mine");
}

TEST_F(Hostile, HardLinks) {
  refuses(tar_of({{.name = "a", .type = '1', .link = "../../../canary/passwd"}}),
          "leads out of the tree");
  refuses(tar_of({{.name = "a", .type = '1', .link = outside() + "/passwd"}}), "a:");
  refuses(tar_of({{.name = "up", .type = '2', .link = outside()},
                  {.name = "a", .type = '1', .link = "up/passwd"}}),
          "a:");
  refuses(tar_of({{.name = "a", .type = '1', .link = "missing"}}), "hard link to missing");
  ASSERT_TRUE(import(tar_of({{.name = "up", .type = '2', .link = outside() + "/passwd"},
                             {.name = "a", .type = '1', .link = "up"},
                             {.name = "a", .data = "mine"}})))
      << "a link to a link is a link, and is replaced";
}

TEST_F(Hostile, AParentSwappedForALink) {
  ASSERT_TRUE(import(tar_of({{.name = "d/", .type = '5'},
                             {.name = "d/a", .data = "1"},
                             {.name = "d", .type = '2', .link = "/"},
                             {.name = "d/plimsoll-test-escaped", .data = "x"}})));
  EXPECT_EQ(text_of(layer() + "/plimsoll-test-escaped"), "x");
}

TEST_F(Hostile, Devices) {
  refuses(tar_of({{.name = "c", .type = '3'}}), "marks deleted names");
  ASSERT_TRUE(
      import(tar_of({{.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3}})));
  struct stat status{};
  ASSERT_EQ(::lstat((layer() + "/null").c_str(), &status), 0);
  EXPECT_EQ(status.st_rdev, makedev(1, 3));
}

TEST_F(Hostile, Sizes) {
  refuses(tar_of({{.name = "a", .data = "x", .claimed_size = std::uint64_t{7} << 30U}}),
          "longer than");
  refuses(tar_of({{.name = "a", .data = "x", .pax = {{"size", "9223372036854775807"}}}}), "");
  refuses(tar_of({{.name = "a", .data = "x", .pax = {{"size", "-1"}}}}), "");
}

TEST_F(Hostile, ASparseFileLargerThanAllDisks) {
  refuses(tar_of({{.name = "a",
                   .data = "x",
                   .pax = {{"GNU.sparse.major", "0"},
                           {"GNU.sparse.minor", "1"},
                           {"GNU.sparse.name", "a"},
                           {"GNU.sparse.size", "4611686018427387904"},
                           {"GNU.sparse.numblocks", "1"},
                           {"GNU.sparse.map", "4611686018427387903,1"}}}}),
          "");
}

TEST_F(Hostile, Bombs) {
  refuses(gzip_of(std::string(std::size_t{32} << 20U, '\0')), "times its size");
  std::vector<TarEntry> many;
  for (int i = 0; i < 1001; ++i) many.push_back({.name = "f" + std::to_string(i)});
  refuses(tar_of(many), "more than 1000 entries");
}

TEST_F(Hostile, Names) {
  refuses(tar_of({{.name = "a", .pax = {{"path", repeated("d/", 300) + "f"}}}}), "deeper than");
  refuses(tar_of({{.name = "a", .pax = {{"path", repeated("d", 300)}}}}), "too long");
  refuses(tar_of({{.name = "a", .pax = {{"path", repeated("dddddddd/", 600)}}}}), "too long");
  ASSERT_TRUE(
      import(tar_of({{.name = "line\nbreak", .data = "x"},
                     {.name = "a", .data = "y", .pax = {{"path", std::string("b\0c", 3)}}}})));
  EXPECT_EQ(text_of(layer() + "/line\nbreak"), "x");
}

TEST_F(Hostile, Whiteouts) {
  refuses(tar_of({{.name = ".wh.."}}), "marks no name");
  refuses(tar_of({{.name = "a/.wh..."}}), "marks no name");
  refuses(tar_of({{.name = ".wh."}}), "marks no name");
  ASSERT_TRUE(import(tar_of({{.name = "d/kept", .data = "x"},
                             {.name = "d/.wh.kept"},
                             {.name = "d/.wh.gone"},
                             {.name = "up", .type = '2', .link = outside()},
                             {.name = ".wh..wh.plnk/1.2", .data = "x"}})));
  EXPECT_EQ(text_of(layer() + "/d/kept"), "x") << "what the layer has itself stays";
  struct stat status{};
  ASSERT_EQ(::lstat((layer() + "/d/gone").c_str(), &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST_F(Hostile, AttributesThatWouldFoolTheHost) {
  const std::string capability(
      "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00",
      20);
  ASSERT_TRUE(import(tar_of({{.name = "f",
                              .data = "x",
                              .mode = 04755,
                              .pax = {{"SCHILY.xattr.trusted.overlay.opaque", "y"},
                                      {"SCHILY.xattr.security.capability", capability},
                                      {"SCHILY.xattr.user.name", "value"}}}})));
  const std::string file = layer() + "/f";
  char value[64];
  EXPECT_LT(::getxattr(file.c_str(), "trusted.overlay.opaque", value, sizeof value), 0);
  EXPECT_EQ(::getxattr(file.c_str(), "user.name", value, sizeof value), 5);
  EXPECT_EQ(::getxattr(file.c_str(), "security.capability", value, sizeof value), 20);
  struct stat status{};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 04755U);
}

TEST_F(Hostile, DamagedArchives) {
  const std::string good = tar_of({{.name = "a", .data = std::string(5000, 'x')}});
  refuses(good.substr(0, 3000), "");
  refuses(gzip_of(good).substr(0, 40), "");
  std::string flipped = good;
  flipped[0] = 'b';
  refuses(flipped, "");
  refuses("this is no archive at all, and longer than nothing", "");
}

TEST_F(Hostile, ImagesThatAreNotWhatTheySay) {
  const std::string layer = tar_of({{.name = "a", .data = "a"}});
  const std::string good = docker_archive({layer}, {"plimsoll/hostile:1"});
  const auto loads = [&](const std::string& archive, const std::string& why) {
    const auto loaded = store_->load(file_of(tree_, archive), listen);
    ASSERT_FALSE(loaded) << why;
    EXPECT_THAT(loaded.error().message, HasSubstr(why));
    is_empty();
  };
  std::string other = good;
  other[other.find("a\0", other.find("layer.tar") + 512) + 512] = 'b';
  loads(other, "");
  loads(tar_of({{.name = "manifest.json", .data = "[{\"Config\":\"../../canary/passwd\"}]"}}), "");
  loads(tar_of({{.name = "manifest.json", .type = '2', .link = outside() + "/passwd"}}), "");
  loads(tar_of({{.name = "manifest.json", .type = '6'}}), "device or pipe");
  loads(tar_of({{.name = "manifest.json", .data = repeated("[", 10000)}}), "");
  loads(tar_of({{.name = "other", .data = "x"}}), "it holds no images");
  std::string wrong = docker_archive({layer}, {"plimsoll/hostile:1"});
  const std::size_t at = wrong.find("diff_ids\":[\"sha256:") + 19;
  wrong[at] = wrong[at] == '0' ? '1' : '0';
  loads(wrong, "");
}

TEST_F(Hostile, CopiedIntoAContainer) {
  ASSERT_TRUE(import(tar_of({{.name = "dir/", .type = '5'},
                             {.name = "out", .type = '2', .link = outside()},
                             {.name = "link", .type = '2', .link = "/dir"}})));
  ASSERT_TRUE(store_->make_root("c1", store_->list().front().id));
  const std::string path = store_->mount_root("c1").value_or("");
  const DirFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd archive = file_of(tree_, tar_of({{.name = "passwd", .data = "overwritten"}}));
  const model::Answer<> outside_it = tar_in(root, "/out", archive, {});
  ASSERT_FALSE(outside_it);
  EXPECT_EQ(outside_it.error().why, model::Refused::kNotFound);
  EXPECT_TRUE(tar_in(root, "/link", archive, {}));
  EXPECT_EQ(text_of(path + "/dir/passwd"), "overwritten");
  const Fd up = file_of(tree_, tar_of({{.name = "../../escaped", .data = "x"}}));
  EXPECT_FALSE(tar_in(root, "/dir", up, {}));
  const Fd through = file_of(tree_, tar_of({{.name = "l", .type = '2', .link = outside()},
                                            {.name = "l/passwd", .data = "overwritten"}}));
  EXPECT_FALSE(tar_in(root, "/dir", through, {}));
  EXPECT_TRUE(store_->remove_root("c1"));
}

}  // namespace
}  // namespace plimsoll::image
