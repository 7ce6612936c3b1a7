// Block IO counted by the kernel: a loop device of our own, since only disks with a throttling rule
// are counted since Linux 6.10, and no other disk of the machine may be touched.
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include <cstdlib>

#include "cgroupfs/read/kernel_testing.h"

namespace plimsoll::cgroupfs {
namespace {

using enum Field;
constexpr std::size_t kBlock = 4096;

class LoopDevice {
 public:
  // Empty path() when this machine lets us have none; because() says why.
  LoopDevice() {
    tree_.write("disk", std::string(std::size_t{1} << 20, '\0'));
    const DirFd dev = std::move(*open_dir("/dev"));
    const Result<Fd> control = open_at(dev, "loop-control", O_RDWR);
    if (!control) {
      because_ = control.error().message();
      return;
    }
    const Result<Fd> disk = open_at(*open_dir(tree_.path().c_str()), "disk", O_RDWR);
    // Somebody else may take the number between the two calls.
    for (int i = 0; i < 20 && path_.empty(); ++i) {
      const int number = ::ioctl(control->get(), LOOP_CTL_GET_FREE);
      const std::string name = "loop" + std::to_string(number);
      Result<Fd> device = open_at(dev, name.c_str(), O_RDWR);
      if (!device || ::ioctl(device->get(), LOOP_SET_FD, disk->get()) != 0) continue;
      device_ = std::move(*device);
      path_ = "/dev/" + name;
    }
    if (path_.empty()) because_ = "no free loop device";
  }
  ~LoopDevice() {
    if (device_) ::ioctl(device_.get(), LOOP_CLR_FD);
  }
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& because() const { return because_; }
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> number() const {
    struct stat found{};
    EXPECT_EQ(::fstat(device_.get(), &found), 0);
    return {::gnu_dev_major(found.st_rdev), ::gnu_dev_minor(found.st_rdev)};
  }

 private:
  TempTree tree_;
  Fd device_;
  std::string path_;
  std::string because_;
};

TEST(KernelIo, CountsWhatAContainersOwnGroupsDoAsWell) {
  if (const std::string reason = no_cgroups_because(); !reason.empty()) GTEST_SKIP() << reason;
  const Layout layout = real_layout();
  const auto blkio = layout.of(Controller::kIo);
  if (!blkio || layout.hierarchies[*blkio].version != 1) GTEST_SKIP() << "blkio is not on v1";
  const LoopDevice loop;
  if (loop.path().empty()) GTEST_SKIP() << "no loop device: " << loop.because();
  const KernelGroup group(layout, "-io", {*blkio});
  const KernelGroup inner(layout, "-io/inner", {*blkio});
  const auto [major, minor] = loop.number();
  const std::string device = std::to_string(major) + ":" + std::to_string(minor);
  if (!write_at(group.dir(*blkio), "blkio.throttle.write_bps_device", device + " 1073741824"))
    GTEST_SKIP() << "this kernel has no IO throttling";

  const Worker worker([path = loop.path()](char order) {
    const int fd = ::open(path.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC);
    void* block = std::aligned_alloc(kBlock, kBlock);
    for (int i = 0; i < 8 && order == 'w'; ++i)
      if (::pwrite(fd, block, kBlock, static_cast<off_t>(kBlock) * i) < 0) ::_exit(1);
    for (int i = 0; i < 3 && order == 'r'; ++i)
      if (::pread(fd, block, kBlock, static_cast<off_t>(kBlock) * i) < 0) ::_exit(1);
    std::free(block);
    ::close(fd);
  });
  inner.add(worker.pid());
  worker.work('w');
  worker.work('r');

  RealClock clock;
  const auto reader = make_text_reader(layout, clock, {});
  CgroupSample sample;
  const Cgroup cgroup = group.cgroup();
  std::vector<ReadTarget> targets(1);
  targets[0].cgroup = &cgroup;
  targets[0].sample = &sample;
  targets[0].due = TierSet::all();
  reader->read(targets);
  ASSERT_EQ(targets[0].outcome, ReadOutcome::kRead);
  ASSERT_EQ(sample.devices.size(), 1U);
  EXPECT_EQ(sample.devices[0].major, major);
  EXPECT_EQ(sample.devices[0].minor, minor);
  EXPECT_EQ(sample.devices[0].write_bytes, 8 * kBlock);
  EXPECT_EQ(sample.devices[0].writes, 8U);
  EXPECT_EQ(sample.devices[0].reads, 3U);
  EXPECT_EQ(sample.value(kIoWriteBytes), 8 * kBlock);
  EXPECT_EQ(sample.value(kIoReadBytes), 3 * kBlock);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
