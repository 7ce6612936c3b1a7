#include "runtime/net/net_testing.h"

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/net/address.h"
#include "runtime/net/links.h"
#include "runtime/net/netns.h"
#include "runtime/net/socket_address.h"

namespace plimsoll::net {

namespace {

using namespace std::chrono_literals;
constexpr int kPatienceMilliseconds = 1000;

using Name = SocketAddress;

Name name_of(const std::string& text, std::uint16_t port) {
  const auto address = parse_address(text);
  if (!address) ADD_FAILURE() << "no address: " << text;
  return socket_address(address.value_or(Address{}), port);
}

bool await(const Fd& fd, short events) {
  pollfd wanted{.fd = fd.get(), .events = events};
  return ::poll(&wanted, 1, kPatienceMilliseconds) == 1;
}

std::string receive(const Fd& fd) {
  std::array<char, 512> buffer{};
  if (!await(fd, POLLIN)) return "";
  const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
  return n <= 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(n));
}

}  // namespace

std::string leave_the_host() {
  if (::geteuid() != 0) return "needs root to make network namespaces";
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0)
    return std::string("cannot make namespaces: ") + std::strerror(errno);
  if (::mount("", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0)
    return std::string("cannot make mounts private: ") + std::strerror(errno);
  auto socket = RouteSocket::open();
  if (!socket) return socket.error().message();
  const Result<> up = set_up(*socket, "lo");
  return up ? "" : up.error().message();
}

void NetworksTest::SetUp() {
  const std::string why_not = leave_the_host();
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  open();
}

void NetworksTest::TearDown() {
  if (!networks_) return;
  networks_.reset();
  open();
  const Result<> restored = networks_->restore({});
  EXPECT_TRUE(restored) << restored.error().message();
}

Options NetworksTest::options() const {
  return {
      .state_dir = tree_.path() + "/state", .run_dir = tree_.path() + "/run", .bridge = "pltest0"};
}

void NetworksTest::open() {
  networks_.reset();
  auto opened = Networks::open(options());
  ASSERT_TRUE(opened) << opened.error().message();
  networks_ = *std::move(opened);
}

Endpoint NetworksTest::add(const std::string& container, const std::string& network,
                           EndpointRequest request) {
  const auto made = networks_->make_namespace(container);
  EXPECT_TRUE(made) << made.error().message();
  request.container_id = container;
  if (request.container_name.empty()) request.container_name = container;
  const auto endpoint = networks_->connect(network, request);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint.value_or(Endpoint());
}

void NetworksTest::in(const std::string& container, const std::function<void()>& work) {
  const auto netns = open_netns(options().run_dir + "/netns/" + container);
  ASSERT_TRUE(netns) << netns.error().message();
  const Result<> done = in_netns(*netns, [&work]() -> Result<> {
    work();
    return {};
  });
  EXPECT_TRUE(done) << done.error().message();
}

std::vector<std::string> NetworksTest::links() {
  std::vector<std::string> names;
  struct if_nameindex* all = ::if_nameindex();
  for (struct if_nameindex* link = all; link != nullptr && link->if_index != 0; ++link)
    // The ifb devices are there in every namespace of kernels that have the driver built in.
    if (std::string_view(link->if_name) != "lo" &&
        !std::string_view(link->if_name).starts_with("ifb"))
      names.emplace_back(link->if_name);
  ::if_freenameindex(all);
  std::ranges::sort(names);
  return names;
}

bool NetworksTest::only_links(const std::vector<std::string>& expected) {
  for (int i = 0; i < 200; ++i) {
    if (links() == expected) return true;
    std::this_thread::sleep_for(25ms);
  }
  return false;
}

std::string hear(const std::string& address, std::uint16_t port) {
  const Name to = name_of(address, port);
  const Fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) return "";
  return receive(fd);
}

std::string hear_soon(const std::string& address, std::uint16_t port) {
  std::string heard;
  for (int i = 0; i < 5 && heard.empty(); ++i) heard = hear(address, port);
  return heard;
}

std::string ask_udp(const std::string& address, std::uint16_t port) {
  const Name to = name_of(address, port);
  const Fd fd(::socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Connected: an answer from anywhere else is not heard.
  if (::connect(fd.get(), to.get(), to.size) != 0) return "";
  if (::send(fd.get(), "?", 1, 0) != 1) return "";
  return receive(fd);
}

Server::Server(int type, std::uint16_t port, std::string greeting)
    : type_(type),
      socket_(::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      greeting_(std::move(greeting)) {
  const int on = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const Name any = name_of("::", port);
  EXPECT_EQ(::bind(socket_.get(), any.get(), any.size), 0) << std::strerror(errno);
  const bool heard = type != SOCK_STREAM || ::listen(socket_.get(), 16) == 0;
  EXPECT_TRUE(heard) << std::strerror(errno);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

Server::~Server() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Server::serve(const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    pollfd wanted{.fd = socket_.get(), .events = POLLIN};
    if (::poll(&wanted, 1, 20) != 1) continue;
    if (type_ == SOCK_STREAM) {
      const Fd client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client) (void)::send(client.get(), greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
      continue;
    }
    Name from;
    from.size = sizeof from.storage;
    char byte = 0;
    if (::recvfrom(socket_.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from.storage),
                   &from.size) == 1)
      (void)::sendto(socket_.get(), greeting_.data(), greeting_.size(), 0, from.get(), from.size);
  }
}

}  // namespace plimsoll::net
