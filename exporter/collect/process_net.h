// A process's network namespace, seen through PROC/PID: no capability needed but where noted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/read_file.h"
#include "exporter/collect/net_dev.h"

namespace plimsoll::exporter {

// What tells network namespaces apart: the inode of PROC/PID/net/dev. procfs keeps one net/
// directory per namespace and shows it under every process in it, so the number is as good as that
// of PROC/PID/ns/net, which only CAP_SYS_PTRACE may read (fs/proc/proc_net.c). Like every inode
// number it may come back after the namespace is gone.
using NetnsKey = std::uint64_t;

class ProcessNet {
 public:
  explicit ProcessNet(const DirFd& proc) : proc_(proc) {}

  // `pid` is a number or "self", "thread-self". All of these answer kGone when the process is gone
  // or a zombie.
  [[nodiscard]] Result<NetnsKey> key(std::string_view pid) const;
  struct Inside {
    NetnsKey key = 0;
    std::vector<InterfaceCounters> interfaces;  // All, lo too.
  };
  [[nodiscard]] Result<Inside> read(std::string_view pid);
  // The numbers of the interfaces that have a link-layer multicast address, that is of those that
  // are up.
  [[nodiscard]] Result<std::vector<NumberedInterface>> numbers(std::string_view pid);
  [[nodiscard]] Result<std::uint64_t> start_time(std::string_view pid);
  // Seconds since the process began.
  [[nodiscard]] Result<double> age_seconds(std::uint64_t start_time);
  // PROC/PID/ns/net, opened; needs CAP_SYS_PTRACE for other users' processes. To be closed soon: it
  // keeps a dead container's namespace alive.
  [[nodiscard]] Result<Fd> open_netns(std::string_view pid) const;
  // Are pids in this PROC the numbers that our own system calls take? Not in a container that sees
  // the host's.
  [[nodiscard]] bool same_pid_namespace();
  // A kernel's procfs, not a recorded tree.
  [[nodiscard]] bool is_live() const;

 private:
  const DirFd& proc_;
  ReadBuffer buffer_;
};

}  // namespace plimsoll::exporter
