// What containers have written: as changes, as images, as archives; and files copied in and out.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/temp_tree.h"
#include "runtime/image/store.h"
#include "runtime/image/testing.h"

namespace plimsoll::image {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

bool listen(const Progress& /*progress*/) {
  return true;
}

class Written : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount and to make owners";
    Result<std::unique_ptr<Store>> store = Store::open(tree_.path() + "/store", GetParam());
    ASSERT_TRUE(store) << store.error().message();
    store_ = std::move(*store);
    const std::string tar = tar_of({{.name = "etc/", .type = '5', .mode = 0755},
                                    {.name = "etc/config", .data = "old"},
                                    {.name = "etc/other", .data = "other"},
                                    {.name = "dir/a", .data = "a"},
                                    {.name = "dir/b", .data = "b"}});
    const auto id = store_->import_tree(file_of(tree_, tar), "plimsoll/test:1", "", {}, listen);
    ASSERT_TRUE(id) << id.error().message;
    image_ = *id;
    ASSERT_TRUE(store_->make_root("c1", image_));
    path_ = store_->mount_root("c1").value_or("");
    ASSERT_FALSE(path_.empty());
  }
  void TearDown() override {
    if (!store_) return;
    for (const std::string& container : store_->roots())
      EXPECT_TRUE(store_->remove_root(container));
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name) << text;
  }
  void change() const {
    write("etc/config", "new text");
    write("added", "12345");
    fs::remove(path_ + "/etc/other");
    fs::remove_all(path_ + "/dir");
    fs::create_directory(path_ + "/dir");
    write("dir/c", "c");
  }
  [[nodiscard]] std::vector<std::string> changes() const {
    const Result<std::vector<Change>> changes = store_->changes("c1");
    EXPECT_TRUE(changes) << changes.error().message();
    std::vector<std::string> lines;
    for (const Change& change : changes.value_or(std::vector<Change>()))
      lines.push_back(std::string(1, "CAD"[static_cast<int>(change.kind)]) + " " + change.path);
    return lines;
  }
  [[nodiscard]] DirFd root() const {
    return DirFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  // Of tar(1), which is not ours.
  [[nodiscard]] std::vector<std::string> listed(const std::string& archive) const {
    tree_.write("listed.tar", archive);
    const std::string list = tree_.path() + "/list";
    const std::string command = "tar tf " + tree_.path() + "/listed.tar > " + list;
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::vector<std::string> names;
    std::ifstream file(list);
    for (std::string name; std::getline(file, name);) names.push_back(name);
    return names;
  }

  TempTree tree_;
  std::unique_ptr<Store> store_;
  std::string image_;
  std::string path_;
};

TEST_P(Written, ChangesAreToldAsDockerDoes) {
  EXPECT_THAT(changes(), IsEmpty()) << "what the engine needs to be there is no change";
  change();
  EXPECT_THAT(changes(), ElementsAre("A /added", "C /dir", "D /dir/a", "D /dir/b", "A /dir/c",
                                     "C /etc", "C /etc/config", "D /etc/other"));
  const Result<Sizes> sizes = store_->root_sizes("c1");
  ASSERT_TRUE(sizes) << sizes.error().message();
  EXPECT_EQ(sizes->writable, 5U + 8U + 1U);
  EXPECT_GE(sizes->root, sizes->writable);
}

TEST_P(Written, BecomesAnImage) {
  change();
  CommitOptions options{.reference = "plimsoll/committed", .author = "me", .comment = "why"};
  options.config.cmd = {"run", "it"};
  const model::Answer<std::string> id = store_->commit("c1", options);
  ASSERT_TRUE(id) << id.error().message;
  const model::Answer<Image> image = store_->find("plimsoll/committed:latest");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->parent, image_);
  EXPECT_EQ(image->layers.size(), 2U);
  EXPECT_EQ(image->history.back().created_by, "run it");
  ASSERT_TRUE(store_->make_root("c2", *id));
  const std::string path = store_->mount_root("c2").value_or("");
  EXPECT_EQ(text_of(path + "/etc/config"), "new text");
  EXPECT_EQ(text_of(path + "/added"), "12345");
  EXPECT_FALSE(fs::exists(path + "/etc/other"));
  EXPECT_FALSE(fs::exists(path + "/dir/a"));
  EXPECT_EQ(text_of(path + "/dir/c"), "c");
}

TEST_P(Written, IsExportedWhole) {
  change();
  std::string archive;
  const auto sink = [&](std::string_view bytes) {
    archive += bytes;
    return true;
  };
  const model::Answer<> done = store_->export_root("c1", sink);
  ASSERT_TRUE(done) << done.error().message;
  const std::vector<std::string> names = listed(archive);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"added", "etc/config", "dir/c", ".dockerenv"}));
  EXPECT_EQ(std::ranges::find(names, "etc/other"), names.end());
}

TEST_P(Written, ASavedImageLoadsAgain) {
  std::string archive;
  const model::Answer<> saved = store_->save({"plimsoll/test"}, [&](std::string_view bytes) {
    archive += bytes;
    return true;
  });
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_THAT(listed(archive), ::testing::IsSupersetOf(
                                   {"manifest.json", "index.json", "oci-layout", "repositories"}));
  Result<std::unique_ptr<Store>> other = Store::open(tree_.path() + "/other", "vfs");
  ASSERT_TRUE(other);
  const auto loaded = (*other)->load(file_of(tree_, archive), listen);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(*loaded, ElementsAre("plimsoll/test:1"));
  EXPECT_EQ((*other)->find("plimsoll/test:1")->id, image_);
  EXPECT_FALSE(store_->save({"plimsoll/missing"}, [](std::string_view) { return true; }));
  EXPECT_FALSE(store_->save({"plimsoll/test:1"}, [](std::string_view) { return false; }));
}

TEST_P(Written, AnOciLayoutWithoutDockersFileLoadsToo) {
  std::string archive;
  ASSERT_TRUE(store_->save({"plimsoll/test:1"}, [&](std::string_view bytes) {
    archive += bytes;
    return true;
  }));
  tree_.write("saved.tar", archive);
  const std::string command = "cd " + tree_.path() + " && tar --delete -f saved.tar manifest.json";
  ASSERT_EQ(std::system(command.c_str()), 0);
  Result<std::unique_ptr<Store>> other = Store::open(tree_.path() + "/other", "vfs");
  ASSERT_TRUE(other);
  const auto loaded = (*other)->load(file_of(tree_, text_of(tree_.path() + "/saved.tar")), listen);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(*loaded, ElementsAre("plimsoll/test:1"));
}

TEST_P(Written, PathsAreCopiedOut) {
  ASSERT_EQ(::symlink("config", (path_ + "/etc/link").c_str()), 0);
  const model::Answer<PathStat> stat = stat_in_root(root(), "/etc/link");
  ASSERT_TRUE(stat) << stat.error().message;
  EXPECT_EQ(stat->name, "link");
  EXPECT_TRUE(S_ISLNK(stat->mode));
  EXPECT_EQ(stat->link_target, "/etc/config");
  EXPECT_EQ(stat_in_root(root(), "/")->name, "/");
  const model::Answer<PathStat> missing = stat_in_root(root(), "/nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().why, model::Refused::kNotFound);
  std::string archive;
  const model::Answer<> done = tar_out(root(), "/dir/", [&](std::string_view bytes) {
    archive += bytes;
    return true;
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_THAT(listed(archive), UnorderedElementsAre("dir/", "dir/a", "dir/b"));
}

TEST_P(Written, PathsAreCopiedIn) {
  const Fd archive = file_of(tree_, tar_of({{.name = "new", .data = "x", .uid = 7, .gid = 8},
                                            {.name = "a", .data = "again"}}));
  ASSERT_TRUE(tar_in(root(), "/dir", archive, {}));
  EXPECT_EQ(text_of(path_ + "/dir/a"), "again");
  struct stat status{};
  ASSERT_EQ(::stat((path_ + "/dir/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 7U);
  ASSERT_TRUE(tar_in(root(), "/dir", archive, {.uid = 1000, .gid = 1000}));
  ASSERT_EQ(::stat((path_ + "/dir/new").c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, 1000U);
  const Fd file = file_of(tree_, tar_of({{.name = "dir", .data = "x"}}));
  const model::Answer<> refused = tar_in(root(), "/", file, {.no_overwrite_dir_non_dir = true});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot overwrite directory"));
  EXPECT_FALSE(tar_in(root(), "/missing", archive, {}));
}

INSTANTIATE_TEST_SUITE_P(Drivers, Written, ::testing::Values("overlay2", "vfs"));

}  // namespace
}  // namespace plimsoll::image
