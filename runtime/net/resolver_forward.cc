// Questions: answered from our names, or passed on to the servers of the host.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/net/resolv_conf.h"
#include "runtime/net/resolver_loop.h"
#include "runtime/net/socket_address.h"

namespace plimsoll::net {

namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kMostServers = 3;
constexpr std::size_t kMostForwards = 1024;  // Docker's.
constexpr std::size_t kMostBytes = 65535;
constexpr std::size_t kMostDatagram = 512;
constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kAnyClass = 255;
constexpr std::chrono::seconds kPatience{4};

std::string with_length(const std::string& message) {
  std::string out;
  out += static_cast<char>(message.size() >> 8);
  out += static_cast<char>(message.size() & 0xFF);
  return out + message;
}

}  // namespace

std::optional<DnsAnswer> ResolverLoop::own_answer(const std::string& container,
                                                  const DnsQuery& query) {
  if (query.dns_class != kIn && query.dns_class != kAnyClass) return std::nullopt;
  if (query.type == static_cast<std::uint16_t>(DnsType::kPtr)) {
    const auto address = parse_reverse_name(query.name);
    const auto name = address ? names_.name_of(container, *address) : std::nullopt;
    if (!name) return std::nullopt;
    return DnsAnswer{.name = name};
  }
  const bool v6 = query.type == static_cast<std::uint16_t>(DnsType::kAaaa);
  Names::Found found = names_.find(container, query.name, v6 ? Family::kV6 : Family::kV4);
  if (!found.known) return std::nullopt;
  // The name is ours: of what it has nothing of, it has nothing anywhere.
  if (!v6 && query.type != static_cast<std::uint16_t>(DnsType::kA)) return DnsAnswer{};
  // Each in turn is the first, since clients take the first.
  if (found.addresses.size() > 1) {
    const auto first = static_cast<std::ptrdiff_t>(++turn_ % found.addresses.size());
    std::ranges::rotate(found.addresses, found.addresses.begin() + first);
  }
  return DnsAnswer{.addresses = std::move(found.addresses)};
}

std::vector<std::string> ResolverLoop::servers_of(const std::string& container) const {
  const auto site = sites_.find(container);
  if (site == sites_.end() || !site->second.site.forwards) return {};
  std::vector<std::string> servers = site->second.site.servers;
  if (servers.empty()) servers = host_resolving(paths_.resolv_conf, paths_.resolved_conf).servers;
  // Asking ourselves would have no end.
  std::erase(servers, "127.0.0.11");
  if (servers.size() > kMostServers) servers.resize(kMostServers);
  return servers;
}

void ResolverLoop::answer(const Client& client, const std::string& message) {
  const auto query = decode_query(message);
  if (!query) {
    if (can_be_answered(message)) reply(client, encode_refusal(message, DnsCode::kMalformed));
    return;
  }
  const std::size_t most = client.connection == 0 ? kMostDatagram : kMostBytes;
  if (query->opcode != 0)
    return reply(client, encode_answer(message, *query, {.code = DnsCode::kNotImplemented}, most));
  if (const auto own = own_answer(client.container, *query))
    return reply(client, encode_answer(message, *query, *own, most));
  Forward forward{.client = client, .question = message};
  forward.tcp = client.connection != 0;
  forward.servers = servers_of(client.container);
  if (forward.servers.empty() || forwards_.size() >= kMostForwards)
    return reply(client, encode_answer(message, *query, {.code = DnsCode::kServerFailure}, most));
  pass_on(std::move(forward));
}

// Each question has a socket and so a port of its own: whoever wants to forge an answer must guess
// both it and the id.
void ResolverLoop::pass_on(Forward forward) {
  while (!forward.servers.empty()) {
    const auto server = parse_address(forward.servers.front());
    if (server) {
      const SocketAddress to = socket_address(*server, kDnsPort);
      const int type = forward.tcp ? SOCK_STREAM : SOCK_DGRAM;
      Fd fd(::socket(to.get()->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      const bool connected =
          fd && (::connect(fd.get(), to.get(), to.size) == 0 || errno == EINPROGRESS);
      const std::string& question = forward.question;
      if (connected && (forward.tcp || ::send(fd.get(), question.data(), question.size(), 0) > 0)) {
        if (forward.tcp) forward.out = with_length(question);
        forward.in.clear();
        forward.deadline = std::chrono::steady_clock::now() + kPatience;
        forward.fd = std::move(fd);
        const Token token = watch(forward.fd, forward.tcp ? EPOLLIN | EPOLLOUT : EPOLLIN);
        deadlines_.emplace(forward.deadline, token);
        forwards_.emplace(token, std::move(forward));
        return;
      }
    }
    forward.servers.erase(forward.servers.begin());
  }
  const auto query = decode_query(forward.question);
  if (query)
    reply(forward.client, encode_answer(forward.question, *query, {.code = DnsCode::kServerFailure},
                                        kMostDatagram));
}

void ResolverLoop::give_up_on_server(Token token) {
  const auto found = forwards_.find(token);
  Forward forward = std::move(found->second);
  deadlines_.erase({forward.deadline, token});
  forwards_.erase(found);
  forward.fd.reset();
  forward.servers.erase(forward.servers.begin());
  pass_on(std::move(forward));
}

void ResolverLoop::write_forward(Token token) {
  Forward& forward = forwards_.at(token);
  const ssize_t n = ::send(forward.fd.get(), forward.out.data(), forward.out.size(), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) return give_up_on_server(token);
  forward.out.erase(0, static_cast<std::size_t>(n));
  if (!forward.out.empty()) return;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = token}};
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, forward.fd.get(), &event);
}

void ResolverLoop::read_forward(Token token) {
  const auto found = forwards_.find(token);
  if (found == forwards_.end()) return;
  Forward& forward = found->second;
  std::array<char, 65536> buffer{};
  const ssize_t n = ::recv(forward.fd.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  // Nobody listens there, or it hung up.
  if (n < 0 || (n == 0 && forward.tcp)) return give_up_on_server(token);
  std::string message(buffer.data(), static_cast<std::size_t>(n));
  if (forward.tcp) {
    forward.in += message;
    if (forward.in.size() < 2) return;
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(forward.in[0]))
                                   << 8 |
                               static_cast<unsigned char>(forward.in[1]);
    if (forward.in.size() < 2 + length) return;
    message = forward.in.substr(2, length);
  }
  const auto code = answers(message, forward.question);
  if (!code) {
    // Somebody's forgery, or an answer that came late: the real one may still come.
    if (forward.tcp) give_up_on_server(token);
    return;
  }
  const bool refused = *code == DnsCode::kServerFailure || *code == DnsCode::kRefused;
  if (refused && forward.servers.size() > 1) return give_up_on_server(token);
  const Client client = forward.client;
  deadlines_.erase({forward.deadline, token});
  forwards_.erase(found);
  reply(client, message);
}

}  // namespace plimsoll::net
