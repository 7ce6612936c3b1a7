#include "exporter/collect/route_socket.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <optional>
#include <thread>

namespace plimsoll::exporter {

namespace {
constexpr int kReceiveBytes = 1 << 20;  // Room for the links of a burst of starting containers.
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};

// Of an NLMSG_ERROR; 0 is an acknowledgement.
int error_of(const nlmsghdr& message) {
  const auto error = family_of<nlmsgerr>(message);
  return error ? -error->error : EBADMSG;
}

}  // namespace

Result<RouteSocket> RouteSocket::open(std::uint32_t groups) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return os_failure("socket", "netlink route");
  // An answer that does not come must not stop the sampler for ever.
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0)
    return os_failure("setsockopt", "SO_RCVTIMEO");
  // Capped by net.core.rmem_max, which is fine.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_failure("bind", "netlink route");
  return RouteSocket(std::move(fd));
}

Result<RouteSocket> RouteSocket::open_in(const Fd& netns, std::uint32_t groups) {
  std::optional<Result<RouteSocket>> made;
  std::thread([&] {
    if (::setns(netns.get(), CLONE_NEWNET) != 0)
      made = os_failure("setns", "network namespace");
    else
      made = open(groups);
  }).join();
  return *std::move(made);
}

Result<> RouteSocket::send(nlmsghdr& request) {
  request.nlmsg_seq = ++sequence_;
  ssize_t n = 0;
  do {
    n = ::send(fd_.get(), &request, request.nlmsg_len, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return os_failure("send", "netlink route");
  return {};
}

Result<std::span<const std::byte>> RouteSocket::receive(int flags) {
  ssize_t n = 0;
  do {
    n = ::recv(fd_.get(), buffer_.data(), buffer_.size(), flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return os_failure("recv", "netlink route");
  return std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(n));
}

Result<RouteSocket::Dump> RouteSocket::dump(NetlinkRequest& request, const Take& take) {
  request.header().nlmsg_flags |= NLM_F_DUMP;
  PLIMSOLL_TRY(send(request.header()));
  Dump outcome = Dump::kWhole;
  for (;;) {
    std::span<const std::byte> bytes = PLIMSOLL_TRY(receive(0));
    while (const nlmsghdr* message = next_message(bytes)) {
      // An answer to a question we no longer wait for (it came after a time-out).
      if (message->nlmsg_seq != sequence_) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) outcome = Dump::kTorn;
      if (message->nlmsg_type == NLMSG_DONE) return outcome;
      if (message->nlmsg_type == NLMSG_ERROR) {
        return os_failure("dump", "netlink route", error_of(*message));
      }
      take(*message);
    }
  }
}

Result<> RouteSocket::ask(NetlinkRequest& request, const Take& take) {
  PLIMSOLL_TRY(send(request.header()));
  for (;;) {
    std::span<const std::byte> bytes = PLIMSOLL_TRY(receive(0));
    while (const nlmsghdr* message = next_message(bytes)) {
      if (message->nlmsg_seq != sequence_) continue;
      if (message->nlmsg_type != NLMSG_ERROR) {
        take(*message);
        return {};
      }
      const int os_error = error_of(*message);
      if (os_error == 0) return {};  // An acknowledgement (NLM_F_ACK).
      return os_failure("ask", "netlink route", os_error);
    }
  }
}

Result<> RouteSocket::drain(const Take& take) {
  for (;;) {
    Result<std::span<const std::byte>> bytes = receive(MSG_DONTWAIT);
    if (!bytes && bytes.error().os_error == EAGAIN) return {};
    if (!bytes && bytes.error().os_error == ENOBUFS)
      return failure(ErrorKind::kBusy, "recv", "netlink route: notifications lost");
    if (!bytes) return std::unexpected(bytes.error());
    while (const nlmsghdr* message = next_message(*bytes)) take(*message);
  }
}

}  // namespace plimsoll::exporter
