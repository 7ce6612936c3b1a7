#include "runtime/net/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/net/resolver_loop.h"

namespace plimsoll::net {

namespace {

constexpr std::uint32_t kOurAddress = 0x7F00000B;  // 127.0.0.11
constexpr int kBacklog = 16;

Result<Fd> open_bound(int type, std::uint16_t port) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return os_failure("socket", "resolver");
  const int on = 1;
  // After a death of this program, connections of its earlier life may linger.
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    return os_failure("setsockopt", "SO_REUSEADDR");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(kOurAddress);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return os_failure("bind", "127.0.0.11");
  return fd;
}

}  // namespace

Result<ResolverSockets> open_resolver_sockets(std::uint16_t port) {
  ResolverSockets sockets;
  sockets.udp = PLIMSOLL_TRY(open_bound(SOCK_DGRAM, port));
  sockets.tcp = PLIMSOLL_TRY(open_bound(SOCK_STREAM, port));
  if (::listen(sockets.tcp.get(), kBacklog) != 0) return os_failure("listen", "127.0.0.11");
  return sockets;
}

Result<std::uint16_t> port_of(const Fd& socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return os_failure("getsockname", "127.0.0.11");
  return ntohs(address.sin_port);
}

Result<std::unique_ptr<Resolver>> Resolver::start(const Names& names, ResolverPaths paths) {
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return os_failure("eventfd", "resolver");
  std::unique_ptr<Resolver> resolver(new Resolver(std::move(wake)));
  auto loop = PLIMSOLL_TRY(ResolverLoop::make(*resolver, names, std::move(paths)));
  resolver->thread_ =
      std::jthread([loop = std::move(loop)](const std::stop_token& stop) { loop->run(stop); });
  return resolver;
}

Resolver::~Resolver() {
  thread_.request_stop();
  ring();
}

// Fails only when the count is full: then it rings already.
void Resolver::ring() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

void Resolver::serve(ResolverSite site, ResolverSockets sockets) {
  push(Serve{.site = std::move(site), .sockets = std::move(sockets)});
}

void Resolver::stop(const std::string& container) {
  push(Stop{.container = container});
}

void Resolver::push(Command command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  ring();
}

std::vector<Resolver::Command> Resolver::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(commands_, {});
}

}  // namespace plimsoll::net
