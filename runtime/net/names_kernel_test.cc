// Names inside containers, asked for with real datagrams and connections.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "runtime/net/dns_message.h"
#include "runtime/net/net_testing.h"
#include "runtime/net/socket_address.h"

namespace plimsoll::net {
namespace {

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kPtr = 12;
constexpr std::uint16_t kAaaa = 28;

std::string question(const std::string& name, std::uint16_t type) {
  std::string out("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    out += static_cast<char>(dot - at);
    out += name.substr(at, dot - at);
    at = dot + 1;
  }
  out += '\0';
  for (const int part : {type >> 8, type & 0xFF, 0, 1}) out += static_cast<char>(part);
  return out;
}

// The whole answer; "" if none comes within two seconds.
std::string exchange(int type, const std::string& message) {
  const SocketAddress to = socket_address(*parse_address("127.0.0.11"), 53);
  const Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), to.get(), to.size) != 0) return "";
  std::string framed = message;
  if (type == SOCK_STREAM)
    framed =
        std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
        message;
  if (::send(fd.get(), framed.data(), framed.size(), 0) < 0) return "";
  pollfd wanted{.fd = fd.get(), .events = POLLIN};
  if (::poll(&wanted, 1, 2000) != 1) return "";
  std::array<char, 4096> buffer{};
  const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
  if (n <= 0) return "";
  const std::string answer(buffer.data(), static_cast<std::size_t>(n));
  return type == SOCK_STREAM ? answer.substr(std::min<std::size_t>(2, answer.size())) : answer;
}

struct Heard {
  int code = -1;  // -1: nothing.
  int count = 0;
  std::string data;  // Of the first answer.
};

Heard hear_of(const std::string& name, std::uint16_t type, int socket_type = SOCK_DGRAM) {
  const std::string asked = question(name, type);
  const std::string answer = exchange(socket_type, asked);
  if (answer.size() < asked.size()) return {};
  Heard heard{.code = answer[3] & 15, .count = answer[7]};
  if (heard.count > 0) heard.data = answer.substr(asked.size() + 12);
  return heard;
}

std::string first_address(const Heard& heard) {
  if (heard.data.size() < 4) return "code " + std::to_string(heard.code);
  Address address;
  for (std::size_t i = 0; i < 4; ++i) address.bytes[i] = static_cast<std::uint8_t>(heard.data[i]);
  return to_text(address);
}

class NamesTest : public NetworksTest {
 protected:
  void SetUp() override {
    NetworksTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    // Nobody answers there: what is passed on is refused at once.
    tree_.write("resolv.conf", "nameserver 127.0.0.1\nsearch example.com\n");
    reopen();
    ASSERT_TRUE(networks_->create({.name = "front"}));
  }
  void reopen() {
    networks_.reset();
    Options with = options();
    with.resolv_conf = tree_.path() + "/resolv.conf";
    auto opened = Networks::open(with);
    ASSERT_TRUE(opened) << opened.error().message();
    networks_ = *std::move(opened);
  }
};

TEST_F(NamesTest, NamesAliasesAndShortIdsAreKnownOnTheirNetwork) {
  const std::string id = "0123456789abcdef0123";
  const Endpoint web = add(id, "front", {.container_name = "web", .aliases = {"www"}});
  add("client", "front");
  add("stranger", "bridge");
  in("client", [&] {
    EXPECT_EQ(first_address(hear_of("web", kA)), web.address);
    EXPECT_EQ(first_address(hear_of("WWW", kA)), web.address);
    EXPECT_EQ(first_address(hear_of("web.front", kA)), web.address);
    EXPECT_EQ(first_address(hear_of("0123456789ab", kA)), web.address);
    EXPECT_EQ(first_address(hear_of("web", kA, SOCK_STREAM)), web.address);
    const Heard six = hear_of("web", kAaaa);
    EXPECT_EQ(six.code, 0);
    EXPECT_EQ(six.count, 0) << "it has no such address";
    const Heard name = hear_of("2.0.18.172.in-addr.arpa", kPtr);
    EXPECT_EQ(name.data, std::string("\3web\5front\0", 11));
    EXPECT_EQ(hear_of("nobody", kA).code, 2) << "the host's server cannot be reached";
  });
  in("stranger", [&] { EXPECT_EQ(hear_of("web", kA).code, -1) << "the default bridge has none"; });
  EXPECT_EQ(networks_->resolving("client").servers, std::vector<std::string>{"127.0.0.11"});
  EXPECT_EQ(networks_->resolving("client").options, std::vector<std::string>{"ndots:0"});
  EXPECT_EQ(networks_->resolving("client").search, std::vector<std::string>{"example.com"});
  EXPECT_EQ(networks_->resolving("stranger").servers.front(), "8.8.8.8");
}

TEST_F(NamesTest, ANewNameIsKnownAndAnEndedContainerIsNot) {
  const Endpoint web = add("one", "front", {.container_name = "web"});
  add("client", "front");
  networks_->rename("one", "site");
  in("client", [&] {
    EXPECT_EQ(first_address(hear_of("site", kA)), web.address);
    EXPECT_EQ(hear_of("web", kA).code, 2);
  });
  ASSERT_TRUE(networks_->release("one"));
  in("client", [&] { EXPECT_EQ(hear_of("site", kA).code, 2); });
}

TEST_F(NamesTest, ASharedAliasIsAnsweredInTurn) {
  add("one", "front", {.aliases = {"pool"}});
  add("two", "front", {.aliases = {"pool"}});
  in("one", [&] {
    const Heard first = hear_of("pool", kA);
    const Heard second = hear_of("pool", kA);
    EXPECT_EQ(first.count, 2);
    EXPECT_NE(first_address(first), first_address(second));
  });
}

TEST_F(NamesTest, OtherQuestionsGoToTheHostsServers) {
  // The answer of a server that says "no" to everything, on the host's loopback.
  add("client", "front");
  const SocketAddress at = socket_address(*parse_address("127.0.0.1"), 53);
  const Fd server(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(server.get(), at.get(), at.size), 0);
  const std::jthread answers([&server] {
    SocketAddress from;
    from.size = sizeof from.storage;
    std::array<char, 512> buffer{};
    pollfd wanted{.fd = server.get(), .events = POLLIN};
    if (::poll(&wanted, 1, 3000) != 1) return;
    const ssize_t n = ::recvfrom(server.get(), buffer.data(), buffer.size(), 0,
                                 reinterpret_cast<sockaddr*>(&from.storage), &from.size);
    if (n < 12) return;
    buffer[2] = static_cast<char>(0x81);
    buffer[3] = static_cast<char>(0x83);
    (void)::sendto(server.get(), buffer.data(), static_cast<std::size_t>(n), 0, from.get(),
                   from.size);
  });
  in("client", [&] { EXPECT_EQ(hear_of("nobody.example.com", kA).code, 3); });
}

TEST_F(NamesTest, AfterARestartNamesAreServedAgain) {
  const Endpoint web = add("web", "front");
  add("client", "front");
  reopen();
  const auto restored = networks_->restore({"web", "client"});
  ASSERT_TRUE(restored) << restored.error().message();
  in("client", [&] { EXPECT_EQ(first_address(hear_of("web", kA)), web.address); });
}

TEST_F(NamesTest, AContainerThatPublishesPort53HasItForItself) {
  add("server", "front");
  const Endpoint web = add("web", "front");
  const auto published = networks_->publish(
      "server", {{.container_port = 53, .protocol = "udp", .first = 5300, .last = 5300}});
  ASSERT_TRUE(published) << published.error().message;
  // The sockets at port 53 are closed by the resolver's thread, soon.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::unique_ptr<Server> udp;
  std::unique_ptr<Server> tcp;
  in("server", [&] {
    udp = std::make_unique<Server>(SOCK_DGRAM, 53, "mine");
    tcp = std::make_unique<Server>(SOCK_STREAM, 53, "mine");
    EXPECT_EQ(first_address(hear_of("web", kA)), web.address);
    EXPECT_EQ(first_address(hear_of("web", kA, SOCK_STREAM)), web.address);
  });
  EXPECT_EQ(ask_udp("127.0.0.1", 5300), "mine");
}

}  // namespace
}  // namespace plimsoll::net
