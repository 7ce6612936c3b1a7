#include "bench/oci_floor.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace plimsoll::bench {
namespace {

struct BareMount {
  const char* source;
  const char* target;
  const char* type;
  unsigned long flags;
  const char* data;
};
constexpr unsigned long kStrict = MS_NOSUID | MS_NOEXEC | MS_NODEV;
constexpr BareMount kMounts[] = {
    {"proc", "proc", "proc", 0, nullptr},
    {"tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=65536k"},
    {"devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620"},
    {"shm", "dev/shm", "tmpfs", kStrict, "mode=1777,size=65536k"},
    {"mqueue", "dev/mqueue", "mqueue", kStrict, nullptr},
    {"sysfs", "sys", "sysfs", kStrict | MS_RDONLY, nullptr}};
struct BareDevice {
  const char* path;
  unsigned major, minor;
};
constexpr BareDevice kDevices[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                                   {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};

void need(bool done, int line) {
  if (!done) ::_exit(line & 0xff);
}

[[noreturn]] void inside(const std::string& rootfs, int go) {
  char byte = 0;
  need(::read(go, &byte, 1) == 1, __LINE__);
  need(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, __LINE__);
  need(::mount(rootfs.c_str(), rootfs.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, __LINE__);
  need(::chdir(rootfs.c_str()) == 0, __LINE__);
  for (const BareMount& one : kMounts) {
    ::mkdir(one.target, 0755);
    need(::mount(one.source, one.target, one.type, one.flags, one.data) == 0, __LINE__);
  }
  for (const BareDevice& one : kDevices)
    need(::mknod(one.path, S_IFCHR | 0666, ::makedev(one.major, one.minor)) == 0, __LINE__);
  need(::syscall(SYS_pivot_root, ".", ".") == 0, __LINE__);
  need(::umount2(".", MNT_DETACH) == 0, __LINE__);
  need(::sethostname("bare", 4) == 0, __LINE__);
  ::execl("/bin/true", "true", nullptr);
  ::_exit(127);
}

}  // namespace

int bare_container(const std::string& rootfs, const std::vector<std::string>& cgroups) {
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return __LINE__ & 0xff;
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
  arguments.exit_signal = SIGCHLD;
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) inside(rootfs, go[0]);
  const std::string pid = std::to_string(child);
  for (const std::string& group : cgroups) {
    need(::mkdir(group.c_str(), 0755) == 0, __LINE__);
    const int procs = ::open((group + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
    need(::write(procs, pid.data(), pid.size()) > 0, __LINE__);
    ::close(procs);
  }
  need(::write(go[1], "x", 1) == 1, __LINE__);
  int status = 0;
  ::waitpid(static_cast<pid_t>(child), &status, 0);
  for (const std::string& group : cgroups) need(::rmdir(group.c_str()) == 0, __LINE__);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

}  // namespace plimsoll::bench
