#include "exporter/collect/net_sockets.h"

#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

#include "exporter/collect/socket_text.h"

namespace plimsoll::exporter {

namespace {

constexpr std::size_t kPiece = std::size_t{64} * 1024;

void add(TcpStates& sum, const TcpStates& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

void add(UdpSockets& sum, const UdpSockets& more) {
  sum.sockets += more.sockets;
  sum.dropped += more.dropped;
  sum.rx_queued += more.rx_queued;
  sum.tx_queued += more.tx_queued;
}

std::string path_of(std::int32_t pid, const char* name) {
  return std::to_string(pid) + "/net/" + name;
}

}  // namespace

template <class T>
Result<std::optional<T>> NetSockets::table(std::int32_t pid, const char* name,
                                           Result<T> (*count)(std::string_view)) {
  const std::string path = path_of(pid, name);
  const Result<Fd> fd = open_at(proc_, path.c_str(), O_RDONLY);
  if (!fd && fd.error().kind == ErrorKind::kNotOffered) {
    // Of a living process this file is missing when the protocol is.
    if (::faccessat(proc_.get(), path_of(pid, "dev").c_str(), F_OK, 0) == 0) return std::nullopt;
    return failure(ErrorKind::kGone, "openat", path);
  }
  if (!fd) return std::unexpected(fd.error());
  piece_.resize(kPiece);
  T sum{};
  std::size_t used = 0;
  for (;;) {
    const ssize_t n = ::read(fd->get(), piece_.data() + used, piece_.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("read", path);
    used += static_cast<std::size_t>(n);
    const std::string_view text(piece_.data(), used);
    // Whole lines now, the rest with the next piece; at the end all of it.
    const std::size_t whole = n == 0 ? used : text.rfind('\n') + 1;
    if (whole == 0 && used == piece_.size()) return malformed(text.substr(0, 80));
    add(sum, PLIMSOLL_TRY(in(path, count(text.substr(0, whole)))));
    if (n == 0) return sum;
    std::memmove(piece_.data(), piece_.data() + whole, used - whole);
    used -= whole;
  }
}

Result<SocketStats> NetSockets::read(std::int32_t pid, SocketQuestion question) {
  SocketStats stats;
  if (question.tcp) {
    stats.tcp = PLIMSOLL_TRY(table<TcpStates>(pid, "tcp", count_tcp));
    stats.tcp6 = PLIMSOLL_TRY(table<TcpStates>(pid, "tcp6", count_tcp));
  }
  if (question.udp) {
    stats.udp = PLIMSOLL_TRY(table<UdpSockets>(pid, "udp", count_udp));
    stats.udp6 = PLIMSOLL_TRY(table<UdpSockets>(pid, "udp6", count_udp));
  }
  if (!question.advanced) return stats;
  TcpCounters counters;
  for (const auto& [name, protocol] : {std::pair("snmp", "Tcp"), std::pair("netstat", "TcpExt")}) {
    const std::string path = path_of(pid, name);
    const std::string_view text = PLIMSOLL_TRY(buffer_.read_at(proc_, path.c_str()));
    const TcpCounters some = PLIMSOLL_TRY(in(path, parse_tcp_counters(text, protocol)));
    counters.insert(counters.end(), some.begin(), some.end());
  }
  stats.advanced = in_order(std::move(counters));
  return stats;
}

}  // namespace plimsoll::exporter
