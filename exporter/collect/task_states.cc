#include "exporter/collect/task_states.h"

#include <linux/cgroupstats.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

namespace plimsoll::exporter {

namespace {

constexpr std::string_view kFamily = "TASKSTATS";
constexpr std::size_t kHead = sizeof(nlmsghdr) + sizeof(genlmsghdr);

template <class T>
std::optional<T> load(std::string_view bytes, std::size_t offset = 0) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// One request with one attribute.
std::string request(std::uint16_t type, std::uint8_t command, std::uint16_t attribute,
                    std::string_view value, std::uint32_t sequence) {
  std::string message;
  const auto attribute_size = static_cast<std::uint16_t>(NLA_HDRLEN + value.size());
  const nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(kHead + NLA_ALIGN(attribute_size)),
                        .nlmsg_type = type,
                        .nlmsg_flags = NLM_F_REQUEST,
                        .nlmsg_seq = sequence,
                        .nlmsg_pid = 0};
  message += bytes_of(header);
  message += bytes_of(genlmsghdr{.cmd = command, .version = 1, .reserved = 0});
  message += bytes_of(nlattr{.nla_len = attribute_size, .nla_type = attribute});
  message += value;
  message.resize(header.nlmsg_len, '\0');
  return message;
}

// The value of an attribute of a generic netlink message; the kernel's refusal as an error.
Result<std::string_view> attribute_of(std::string_view message, std::uint16_t wanted) {
  const auto header = load<nlmsghdr>(message);
  if (!header || header->nlmsg_len > message.size()) return malformed("netlink message");
  message = message.substr(0, header->nlmsg_len);
  if (header->nlmsg_type == NLMSG_ERROR) {
    const auto refusal = load<nlmsgerr>(message, sizeof(nlmsghdr));
    if (!refusal || refusal->error >= 0) return malformed("netlink error");
    return os_failure("netlink", kFamily, -refusal->error);
  }
  std::size_t at = kHead;
  while (const auto attribute = load<nlattr>(message, at)) {
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > message.size() - at)
      return malformed("netlink attribute");
    if ((attribute->nla_type & NLA_TYPE_MASK) == wanted)
      return message.substr(at + NLA_HDRLEN, attribute->nla_len - std::size_t{NLA_HDRLEN});
    at += NLA_ALIGN(attribute->nla_len);
  }
  return malformed("netlink message without its attribute");
}

Result<std::string> exchange(const Fd& socket, const std::string& message, std::uint32_t sequence) {
  if (::send(socket.get(), message.data(), message.size(), 0) < 0)
    return os_failure("send", kFamily);
  std::string answer(std::size_t{8} * 1024, '\0');
  for (;;) {
    const ssize_t n = ::recv(socket.get(), answer.data(), answer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure("recv", kFamily);
    const std::string_view text = std::string_view(answer).substr(0, static_cast<std::size_t>(n));
    const auto header = load<nlmsghdr>(text);
    // An answer that came too late belongs to an earlier question.
    if (header && header->nlmsg_seq == sequence) return std::string(text);
  }
}

}  // namespace

void count_state(TaskStates& states, char letter) {
  switch (letter) {
    case 'R':
      ++states.running;
      break;
    case 'S':
      ++states.sleeping;
      break;
    case 'D':
      ++states.uninterruptible;
      break;
    case 'T':
    case 't':
      ++states.stopped;
      break;
    default:
      break;
  }
}

Result<std::uint16_t> parse_family_answer(std::string_view message) {
  const std::string_view value = PLIMSOLL_TRY(attribute_of(message, CTRL_ATTR_FAMILY_ID));
  const auto family = load<std::uint16_t>(value);
  if (!family) return malformed("family number");
  return *family;
}

Result<TaskStates> parse_cgroupstats_answer(std::string_view message) {
  const std::string_view value = PLIMSOLL_TRY(attribute_of(message, CGROUPSTATS_TYPE_CGROUP_STATS));
  const auto stats = load<cgroupstats>(value);
  if (!stats) return malformed("cgroupstats");
  return TaskStates{.sleeping = stats->nr_sleeping,
                    .running = stats->nr_running,
                    .stopped = stats->nr_stopped,
                    .uninterruptible = stats->nr_uninterruptible,
                    .io_wait = stats->nr_io_wait};
}

Result<CgroupStats> CgroupStats::open() {
  Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  if (!socket) return os_failure("socket", "NETLINK_GENERIC");
  // The kernel answers at once or not at all.
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
    return os_failure("setsockopt", "SO_RCVTIMEO");
  std::string name(kFamily);
  name += '\0';
  const std::string answer = PLIMSOLL_TRY(exchange(
      socket, request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, name, 0), 0));
  const std::uint16_t family = PLIMSOLL_TRY(parse_family_answer(answer));
  return CgroupStats(std::move(socket), family);
}

Result<TaskStates> CgroupStats::ask(const Fd& directory) {
  const auto number = static_cast<std::uint32_t>(directory.get());
  const std::uint32_t sequence = ++sequence_;
  const std::string answer = PLIMSOLL_TRY(exchange(
      socket_,
      request(family_, CGROUPSTATS_CMD_GET, CGROUPSTATS_CMD_ATTR_FD, bytes_of(number), sequence),
      sequence));
  return parse_cgroupstats_answer(answer);
}

}  // namespace plimsoll::exporter
