// Sockets and TCP counters of the network namespace that a process lives in, through PROC/PID/net.
//
// The kernel walks its whole table of sockets for each of these files, whosever they are: on a host
// with many the price is milliseconds per namespace. For a worker, not for a tick.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/read_file.h"
#include "exporter/collect/group_values.h"

namespace plimsoll::exporter {

struct SocketQuestion {
  bool tcp = false, udp = false, advanced = false;
  [[nodiscard]] bool any() const { return tcp || udp || advanced; }
};

class NetSockets {
 public:
  explicit NetSockets(const DirFd& proc) : proc_(proc) {}
  // kGone when the process ended. A table that this kernel does not have (IPv6 off) is absent.
  [[nodiscard]] Result<SocketStats> read(std::int32_t pid, SocketQuestion question);

 private:
  template <class T>
  [[nodiscard]] Result<std::optional<T>> table(std::int32_t pid, const char* name,
                                               Result<T> (*count)(std::string_view));

  const DirFd& proc_;
  ReadBuffer buffer_;
  std::vector<char> piece_;  // Tables are read in pieces: they may be tens of megabytes.
};

}  // namespace plimsoll::exporter
