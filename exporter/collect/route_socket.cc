#include "exporter/collect/route_socket.h"

#include <libmnl/libmnl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <optional>
#include <thread>

namespace plimsoll::exporter {

namespace {
constexpr int kReceiveBytes = 1 << 20;  // Room for the links of a burst of starting containers.
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};
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

Result<std::size_t> RouteSocket::receive(int flags) {
  ssize_t n = 0;
  do {
    n = ::recv(fd_.get(), buffer_.data(), buffer_.size(), flags);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return os_failure("recv", "netlink route");
  return static_cast<std::size_t>(n);
}

Result<RouteSocket::Dump> RouteSocket::dump(nlmsghdr& request, const Take& take) {
  request.nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
  PLIMSOLL_TRY(send(request));
  Dump outcome = Dump::kWhole;
  for (;;) {
    int left = static_cast<int>(PLIMSOLL_TRY(receive(0)));
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      // An answer to a question we no longer wait for (it came after a time-out).
      if (message->nlmsg_seq != sequence_) continue;
      if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) outcome = Dump::kTorn;
      if (message->nlmsg_type == NLMSG_DONE) return outcome;
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
        return os_failure("dump", "netlink route", -error->error);
      }
      take(*message);
    }
  }
}

Result<> RouteSocket::ask(nlmsghdr& request, const Take& take) {
  request.nlmsg_flags |= NLM_F_REQUEST;
  PLIMSOLL_TRY(send(request));
  for (;;) {
    int left = static_cast<int>(PLIMSOLL_TRY(receive(0)));
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence_) continue;
      if (message->nlmsg_type != NLMSG_ERROR) {
        take(*message);
        return {};
      }
      const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
      if (error->error == 0) return {};  // An acknowledgement (NLM_F_ACK).
      return os_failure("ask", "netlink route", -error->error);
    }
  }
}

Result<> RouteSocket::drain(const Take& take) {
  for (;;) {
    const Result<std::size_t> size = receive(MSG_DONTWAIT);
    if (!size && (size.error().os_error == EAGAIN || size.error().os_error == EWOULDBLOCK))
      return {};
    if (!size && size.error().os_error == ENOBUFS)
      return failure(ErrorKind::kBusy, "recv", "netlink route: notifications lost");
    if (!size) return std::unexpected(size.error());
    int left = static_cast<int>(*size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) take(*message);
  }
}

}  // namespace plimsoll::exporter
