#include "runtime/engine/engine_testing.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string_view>
#include <thread>

#include "runtime/engine/files.h"
#include "runtime/image/testing.h"
#include "runtime/net/net_testing.h"

namespace plimsoll::engine {
namespace {

using namespace std::chrono_literals;

std::string program(const char* name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<image::TarEntry> busybox_tree() {
  std::vector<image::TarEntry> entries;
  for (const char* name : {"bin/", "etc/", "tmp/", "root/", "data/"})
    entries.push_back({.name = name, .type = '5', .mode = 0755});
  entries.push_back({.name = "bin/busybox", .data = bytes_of("/bin/busybox"), .mode = 0755});
  for (const char* name : {"sh", "cat", "echo", "sleep", "true", "false", "id", "mount", "ls",
                           "stty", "env", "kill", "pwd", "hostname", "seq", "dd", "touch", "head"})
    entries.push_back({.name = std::string("bin/") + name, .type = '2', .link = "busybox"});
  entries.push_back(
      {.name = "etc/passwd", .data = "root:x:0:0::/root:/bin/sh\nweb:x:33:34::/tmp:/bin/sh\n"});
  entries.push_back({.name = "etc/group", .data = "root:x:0:\nweb:x:34:\nmore:x:77:web\n"});
  entries.push_back({.name = "data/seed", .data = "from the image\n"});
  return entries;
}

}  // namespace

Output Heard::output() {
  Output output;
  output.write = [inner = inner_](Output::Stream stream, std::string_view bytes) {
    const std::lock_guard lock(inner->mutex);
    (stream == Output::Stream::kStdout ? inner->out : inner->err) += bytes;
    inner->changed.notify_all();
    return true;
  };
  output.pending = [] { return std::size_t{0}; };
  output.end = [inner = inner_] {
    const std::lock_guard lock(inner->mutex);
    inner->ended = true;
    inner->changed.notify_all();
  };
  return output;
}

std::string Heard::all() {
  std::unique_lock lock(inner_->mutex);
  if (!inner_->changed.wait_for(lock, 20s, [&] { return inner_->ended; })) {
    ADD_FAILURE() << "its output did not end; so far: " << inner_->out;
    return {};
  }
  return inner_->out;
}

bool Heard::waits_for(const std::string& text) {
  std::unique_lock lock(inner_->mutex);
  return inner_->changed.wait_for(lock, 20s,
                                  [&] { return inner_->out.find(text) != std::string::npos; });
}

std::string Heard::errors() {
  const std::lock_guard lock(inner_->mutex);
  return inner_->err;
}

Options EngineTest::options() const {
  Options options;
  options.state_dir = tree_.path() + "/state";
  options.run_dir = tree_.path() + "/run";
  options.shim = program("plimsoll-shim");
  options.oci = program("plimsoll-oci");
  options.cgroup_parent = parent_;
  options.systemd_cgroups = systemd_;
  options.net.bridge = "pltest0";
  options.net.table = "pltest";
  options.watch_start = watch_start_;
  return options;
}

void EngineTest::SetUp() {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make containers";
  if (!exists("/bin/busybox")) GTEST_SKIP() << "there is no /bin/busybox to put into a container";
  const std::string why = net::leave_the_host();
  if (!why.empty()) GTEST_SKIP() << why;
  const char* const driver = std::getenv("PLIMSOLL_TEST_CGROUP_DRIVER");
  systemd_ = driver != nullptr && std::string_view(driver) == "systemd";
  const std::string number = std::to_string(::getpid());
  parent_ = systemd_ ? "plimsoll-test-" + number + ".slice" : "/plimsoll-test-engine-" + number;
  groups_ = systemd_ ? "/plimsoll.slice/plimsoll-test.slice/" + parent_ : parent_;
  tree_.write("run/", "");
  // As a host has it: gone with a reboot, and quick.
  ASSERT_EQ(::mount("run", (tree_.path() + "/run").c_str(), "tmpfs", 0, "mode=755"), 0);
  open();
  if (HasFatalFailure()) return;
  const Fd archive = image::file_of(tree_, image::tar_of(busybox_tree()));
  const auto image = engine_->images().import_tree(archive, "busybox:latest", "", {},
                                                   [](const image::Progress&) { return true; });
  ASSERT_TRUE(image) << image.error().message;
}

void EngineTest::TearDown() {
  if (engine_) {
    for (const ContainerPtr& container : engine_->containers()) {
      const auto removed = engine_->remove(container->id, {.force = true, .volumes = true});
      EXPECT_TRUE(removed) << removed.error().message;
    }
    EXPECT_EQ(leftovers(), std::vector<std::string>());
  }
  close();
  ::umount2((tree_.path() + "/run").c_str(), MNT_DETACH);
  if (systemd_) return;  // Its slices go by themselves.
  // The groups' parent is empty: each hierarchy's can go.
  for (const std::string& name : names_in("/sys/fs/cgroup"))
    ::rmdir(("/sys/fs/cgroup/" + name + parent_).c_str());
  ::rmdir(("/sys/fs/cgroup" + parent_).c_str());
}

void EngineTest::open() {
  close();
  auto engine = Engine::open(options());
  ASSERT_TRUE(engine) << engine.error().message();
  engine_ = *std::move(engine);
}

void EngineTest::close() {
  engine_.reset();
}

model::Definition EngineTest::sh(const std::string& script) {
  model::Definition definition;
  definition.config.image = "busybox";
  definition.config.cmd = {"sh", "-c", script};
  definition.host.network_mode = "none";
  return definition;
}

std::string EngineTest::run(const model::Definition& definition, const std::string& name) {
  const auto created = engine_->create(name, definition);
  EXPECT_TRUE(created) << created.error().message;
  if (!created) return {};
  const auto started = engine_->start(created->id);
  EXPECT_TRUE(started) << started.error().message;
  return created->id;
}

std::int64_t EngineTest::end_of(const std::string& id) {
  auto ended = std::make_shared<std::promise<std::int64_t>>();
  auto future = ended->get_future();
  const auto waits = engine_->wait(id, WaitFor::kNotRunning, [ended](const WaitResult& result) {
    ended->set_value(result.status_code);
  });
  EXPECT_TRUE(waits) << waits.error().message;
  if (!waits || future.wait_for(30s) != std::future_status::ready) {
    ADD_FAILURE() << "it did not end";
    return -1;
  }
  return future.get();
}

std::string EngineTest::log_of(const std::string& id, LogOptions options) {
  Heard heard;
  const auto reads = engine_->logs(id, options, heard.output());
  EXPECT_TRUE(reads) << reads.error().message;
  return reads ? heard.all() : std::string();
}

ContainerPtr EngineTest::seen(const std::string& reference) {
  const auto found = engine_->find(reference);
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : std::make_shared<const Container>();
}

bool EngineTest::becomes(const std::string& reference, Status status) {
  for (int i = 0; i < 2000; ++i) {
    const auto found = engine_->find(reference);
    if (found && (*found)->state.status == status) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::vector<std::string> EngineTest::leftovers() const {
  std::vector<std::string> all;
  for (const char* directory :
       {"/state/containers", "/run/engine", "/run/containers", "/run/passing"})
    for (const std::string& name : names_in(tree_.path() + directory))
      all.push_back(directory + ("/" + name));
  for (const std::string& name : engine_->images().roots()) all.push_back("root of " + name);
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.find(tree_.path() + "/state") != std::string::npos) all.push_back(line);
  for (const std::string& hierarchy : names_in("/sys/fs/cgroup"))
    for (const std::string& name : names_in("/sys/fs/cgroup/" + hierarchy + groups_))
      if (name.size() >= 64) all.push_back("group " + hierarchy + " " + name);
  for (const std::string& name : names_in("/sys/fs/cgroup" + groups_))
    if (name.size() >= 64) all.push_back("group " + name);
  return all;
}

std::string EngineTest::group_of(const std::string& id) const {
  return systemd_ ? groups_ + "/plimsoll-" + id + ".scope" : groups_ + "/" + id;
}

}  // namespace plimsoll::engine
