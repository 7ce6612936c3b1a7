#include "runtime/net/route_socket.h"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace plimsoll::net {

namespace {

// An answer that does not come must not hold the engine for ever.
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};

template <class T>
std::optional<T> read_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value{};
  if (bytes.size() < offset + sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

void Batch::append(std::span<const std::byte> bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void Batch::begin(std::uint16_t type, std::uint16_t flags, std::string what) {
  finish();
  starts_.push_back(bytes_.size());
  whats_.push_back(std::move(what));
  const nlmsghdr header{.nlmsg_type = type,
                        .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags)};
  append(std::as_bytes(std::span(&header, 1)));
}

void Batch::put(std::uint16_t type, std::span<const std::byte> payload) {
  // The length of an attribute is without the padding behind it.
  const nlattr head{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + payload.size()),
                    .nla_type = type};
  append(std::as_bytes(std::span(&head, 1)));
  append(payload);
}

std::size_t Batch::begin_nest(std::uint16_t type) {
  const std::size_t start = bytes_.size();
  put(type, std::span<const std::byte>());
  return start;
}

void Batch::end_nest(std::size_t start) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - start);
  std::memcpy(bytes_.data() + start + offsetof(nlattr, nla_len), &length, sizeof length);
}

// The length of the last request.
void Batch::finish() {
  if (starts_.empty()) return;
  const auto length = static_cast<std::uint32_t>(bytes_.size() - starts_.back());
  std::memcpy(bytes_.data() + starts_.back() + offsetof(nlmsghdr, nlmsg_len), &length,
              sizeof length);
}

Result<RouteSocket> RouteSocket::open() {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return os_failure("socket", "netlink route");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0)
    return os_failure("setsockopt", "SO_RCVTIMEO");
  // Without a copy of the request in every failure.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return RouteSocket(std::move(fd));
}

Result<> RouteSocket::send(Batch& batch) {
  batch.finish();
  for (const std::size_t start : batch.starts_) {
    const std::uint32_t sequence = ++sequence_;
    std::memcpy(batch.bytes_.data() + start + offsetof(nlmsghdr, nlmsg_seq), &sequence,
                sizeof sequence);
  }
  ssize_t n = 0;
  do n = ::send(fd_.get(), batch.bytes_.data(), batch.bytes_.size(), 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return os_failure("send", "netlink route");
  return {};
}

Result<std::span<const std::byte>> RouteSocket::receive() {
  ssize_t n = 0;
  do n = ::recv(fd_.get(), buffer_.data(), buffer_.size(), 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return os_failure("recv", "netlink route");
  return std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(n));
}

Result<> RouteSocket::run(Batch& batch) {
  for (const std::size_t start : batch.starts_) {
    auto flags = read_at<std::uint16_t>(batch.bytes_, start + offsetof(nlmsghdr, nlmsg_flags));
    const auto acknowledged = static_cast<std::uint16_t>(flags.value_or(0) | NLM_F_ACK);
    std::memcpy(batch.bytes_.data() + start + offsetof(nlmsghdr, nlmsg_flags), &acknowledged,
                sizeof acknowledged);
  }
  const std::uint32_t first = sequence_ + 1;
  PLIMSOLL_TRY(send(batch));
  std::optional<Failure> failed;
  for (std::size_t answered = 0; answered < batch.count();) {
    std::span<const std::byte> bytes = PLIMSOLL_TRY(receive());
    while (const auto head = read_at<nlmsghdr>(bytes, 0)) {
      if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > bytes.size()) break;
      const auto error = read_at<int>(bytes, NLMSG_HDRLEN);
      const std::size_t index = head->nlmsg_seq - first;
      bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(head->nlmsg_len), bytes.size()));
      // What is left of a request whose answer somebody no longer waited for.
      if (head->nlmsg_type != NLMSG_ERROR || index >= batch.count()) continue;
      ++answered;
      if (error.value_or(-EBADMSG) != 0 && !failed)
        failed = os_failure("rtnetlink", batch.whats_[index], -error.value_or(-EBADMSG));
    }
  }
  if (failed) return *failed;
  return {};
}

Result<> RouteSocket::dump(Batch& batch, const std::function<void(const nlmsghdr&)>& take) {
  PLIMSOLL_TRY(send(batch));
  for (;;) {
    std::span<const std::byte> bytes = PLIMSOLL_TRY(receive());
    while (const auto head = read_at<nlmsghdr>(bytes, 0)) {
      if (head->nlmsg_len < sizeof(nlmsghdr) || head->nlmsg_len > bytes.size()) break;
      const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
      const auto error = read_at<int>(bytes, NLMSG_HDRLEN);
      bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(head->nlmsg_len), bytes.size()));
      if (head->nlmsg_seq != sequence_) continue;
      if (head->nlmsg_type == NLMSG_DONE) return {};
      if (head->nlmsg_type == NLMSG_ERROR)
        return os_failure("rtnetlink", batch.whats_.back(), -error.value_or(-EBADMSG));
      take(*message);
    }
  }
}

void RouteSocket::settle(const std::string& link) const {
  ethtool_value question{.cmd = ETHTOOL_GLINK};
  ifreq request{};
  if (link.size() >= sizeof request.ifr_name) return;
  std::ranges::copy(link, static_cast<char*>(request.ifr_name));
  request.ifr_data = reinterpret_cast<char*>(&question);
  (void)::ioctl(fd_.get(), SIOCETHTOOL, &request);
}

Result<int> RouteSocket::index_of(const std::string& link) const {
  ifreq request{};
  if (link.empty() || link.size() >= sizeof request.ifr_name)
    return invalid_input("link", "the name of an interface has 1 to 15 bytes: " + link);
  std::ranges::copy(link, static_cast<char*>(request.ifr_name));
  if (::ioctl(fd_.get(), SIOCGIFINDEX, &request) == 0) return request.ifr_ifindex;
  if (errno == ENODEV) return 0;
  return os_failure("SIOCGIFINDEX", link);
}

bool next_attribute(std::span<const std::byte>& bytes, Attribute& attribute) {
  const auto head = read_at<nlattr>(bytes, 0);
  if (!head || head->nla_len < sizeof *head || head->nla_len > bytes.size()) return false;
  attribute.type = head->nla_type & NLA_TYPE_MASK;
  attribute.payload = bytes.subspan(NLA_HDRLEN, head->nla_len - NLA_HDRLEN);
  bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(head->nla_len), bytes.size()));
  return true;
}

}  // namespace plimsoll::net
