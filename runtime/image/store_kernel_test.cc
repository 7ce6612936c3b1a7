// Images in and out of a store on disk, and containers' file systems of them, mounted.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "base/temp_tree.h"
#include "runtime/image/overlay.h"
#include "runtime/image/store.h"
#include "runtime/image/testing.h"

namespace plimsoll::image {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreOnDisk : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to mount and to make owners";
    open();
  }
  void TearDown() override {
    if (!store_) return;
    for (const std::string& container : store_->roots())
      EXPECT_TRUE(store_->remove_root(container));
  }
  void open() {
    store_.reset();
    Result<std::unique_ptr<Store>> store = Store::open(tree_.path() + "/store", GetParam());
    ASSERT_TRUE(store) << store.error().message();
    store_ = std::move(*store);
  }
  [[nodiscard]] std::string import(const std::string& archive, const std::string& name) {
    const model::Answer<std::string> id = store_->import_tree(file_of(tree_, archive), name, "", {},
                                                              [](const Progress&) { return true; });
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or("");
  }
  [[nodiscard]] std::string root(const std::string& container, const std::string& image) {
    const model::Answer<> made = store_->make_root(container, image);
    EXPECT_TRUE(made) << made.error().message;
    const Result<std::string> path = store_->mount_root(container);
    EXPECT_TRUE(path) << path.error().message();
    return path.value_or("");
  }
  TempTree tree_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreOnDisk, ImportsATreeAndMountsIt) {
  const std::string id = import(tar_of({{.name = "./", .type = '5', .mode = 0755},
                                        {.name = "bin/", .type = '5'},
                                        {.name = "bin/sh", .data = "program", .mode = 04755},
                                        {.name = "etc/hosts", .data = "image's"}}),
                                "plimsoll/test:1");
  const std::string path = root("c1", id);
  EXPECT_EQ(text_of(path + "/bin/sh"), "program");
  struct stat status{};
  ASSERT_EQ(::stat((path + "/bin/sh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 04755U);
  EXPECT_EQ(text_of(path + "/etc/hosts"), "image's") << "what the image has stays";
  EXPECT_TRUE(fs::exists(path + "/.dockerenv"));
  EXPECT_TRUE(fs::is_directory(path + "/proc"));
  EXPECT_TRUE(fs::exists(path + "/etc/resolv.conf"));
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);

  tree_.write("x", "");
  std::ofstream(path + "/written") << "by the container";
  EXPECT_TRUE(store_->unmount_root("c1"));
  EXPECT_EQ(text_of(store_->mount_root("c1").value_or("") + "/written"), "by the container");
  const std::string other = root("c2", id);
  EXPECT_FALSE(fs::exists(other + "/written")) << "each container has its own";
  EXPECT_THAT(store_->roots(), ElementsAre("c1", "c2"));
}

TEST_P(StoreOnDisk, HasTheSameImagesAndRootsAfterAReopening) {
  const std::string id =
      import(tar_of({{.name = "a", .data = "a"}}), "example.com:5000/some/thing");
  const std::string path = root("c1", id);
  store_.reset();
  open();
  const model::Answer<Image> image = store_->find("example.com:5000/some/thing:latest");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->id, id);
  EXPECT_EQ(image->size, 1U);
  EXPECT_THAT(image->repo_tags, ElementsAre("example.com:5000/some/thing:latest"));
  EXPECT_EQ(store_->mount_root("c1").value_or(""), path) << "mounted already, or again";
  EXPECT_EQ(text_of(path + "/a"), "a");
}

TEST_P(StoreOnDisk, IsOpenedByOneEngineAtATime) {
  const Result<std::unique_ptr<Store>> second = Store::open(tree_.path() + "/store", GetParam());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
}

TEST_P(StoreOnDisk, MergesLayersWithWhatTheyDelete) {
  const std::string lower = tar_of({{.name = "gone", .data = "1"},
                                    {.name = "kept", .data = "1"},
                                    {.name = "opaque/old", .data = "1"},
                                    {.name = "changed", .data = "1"}});
  const std::string upper = tar_of({{.name = ".wh.gone"},
                                    {.name = "opaque/.wh..wh..opq"},
                                    {.name = "opaque/new", .data = "2"},
                                    {.name = "changed", .data = "2"}});
  const std::string archive = docker_archive({lower, upper}, {"plimsoll/layers:1"});
  const auto loaded = store_->load(file_of(tree_, archive), [](const Progress&) { return true; });
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(*loaded, ElementsAre("plimsoll/layers:1"));
  const std::string path = root("c1", store_->find("plimsoll/layers:1")->id);
  EXPECT_FALSE(fs::exists(path + "/gone"));
  EXPECT_EQ(text_of(path + "/kept"), "1");
  EXPECT_FALSE(fs::exists(path + "/opaque/old"));
  EXPECT_EQ(text_of(path + "/opaque/new"), "2");
  EXPECT_EQ(text_of(path + "/changed"), "2");
}

TEST_P(StoreOnDisk, ARemovedImageLeavesNothing) {
  const std::string id = import(tar_of({{.name = "a", .data = "a"}}), "plimsoll/gone");
  const model::Answer<Removed> removed = store_->remove("plimsoll/gone", false, true, {});
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(removed->untagged, ElementsAre("plimsoll/gone:latest"));
  EXPECT_THAT(removed->deleted, Contains(id));
  EXPECT_GT(removed->reclaimed, 0U);
  EXPECT_FALSE(store_->find(id));
  EXPECT_TRUE(fs::is_empty(tree_.path() + "/store/blobs/sha256"));
  EXPECT_TRUE(fs::is_empty(tree_.path() + "/store/layers"));
}

TEST_P(StoreOnDisk, AnImageInUseIsNotRemoved) {
  const std::string id = import(tar_of({{.name = "a", .data = "a"}}), "plimsoll/used");
  const std::multimap<std::string, std::string> in_use = {{id, "0123456789abcdef"}};
  const model::Answer<Removed> by_name = store_->remove("plimsoll/used", false, true, in_use);
  ASSERT_FALSE(by_name);
  EXPECT_EQ(by_name.error().why, model::Refused::kConflict);
  EXPECT_THAT(by_name.error().message,
              HasSubstr("container 0123456789ab is using its referenced image"));
  const model::Answer<Removed> untagged = store_->remove("plimsoll/used", true, true, in_use);
  ASSERT_TRUE(untagged);
  EXPECT_THAT(untagged->deleted, IsEmpty());
  EXPECT_TRUE(store_->find(id));
}

TEST_P(StoreOnDisk, ARemovedRootIsUnmountedAndGone) {
  const std::string id = import(tar_of({{.name = "a", .data = "a"}}), "plimsoll/test");
  const std::string path = root("c1", id);
  std::string deep = path;
  for (int i = 0; i < 200; ++i) fs::create_directory(deep += "/deep");
  // What somebody else has mounted there is not emptied.
  tree_.write("host/precious", "kept");
  fs::create_directory(path + "/bound");
  ASSERT_EQ(::mount((tree_.path() + "/host").c_str(), (path + "/bound").c_str(), nullptr, MS_BIND,
                    nullptr),
            0);
  ASSERT_TRUE(store_->remove_root("c1"));
  EXPECT_THAT(store_->roots(), IsEmpty());
  const std::string trash = tree_.path() + "/store/trash";
  if (GetParam() == std::string("vfs")) {
    // Nothing of ours is mounted there, so that nothing is unmounted either.
    store_.reset();
    for (const auto& each : fs::directory_iterator(trash))
      ::umount2((each.path().string() + "/tree/bound").c_str(), MNT_DETACH);
    open();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!fs::is_empty(trash) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(fs::is_empty(trash));
  EXPECT_EQ(text_of(tree_.path() + "/host/precious"), "kept");
}

TEST_P(StoreOnDisk, ARootOverNothing) {
  const std::string path = root("c1", "");
  EXPECT_TRUE(fs::is_directory(path + "/dev/pts"));
  EXPECT_TRUE(store_->remove_root("c1"));
  EXPECT_TRUE(store_->remove_root("c1")) << "done again, it is done";
  EXPECT_THAT(store_->roots(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Drivers, StoreOnDisk, ::testing::Values("overlay2", "vfs"));

}  // namespace
}  // namespace plimsoll::image
