// For tests: this process in a network and a mount namespace of its own, and directories for
// Networks in it. The host's network is never seen.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/temp_tree.h"
#include "runtime/net/networks.h"

namespace plimsoll::net {

// "" if this machine lets us, else why not. Done again, it is another.
[[nodiscard]] std::string leave_the_host();

class NetworksTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] Options options() const;
  // As after a death of the program before: nothing is released.
  void open();
  // A namespace and an endpoint.
  Endpoint add(const std::string& container, const std::string& network,
               EndpointRequest request = {});
  // Runs in a thread inside the container's namespace.
  void in(const std::string& container, const std::function<void()>& work);
  // Interfaces of the namespace this process is in, without the loopback, sorted.
  [[nodiscard]] static std::vector<std::string> links();
  // Waits until there are no others, since the kernel removes them in its own time.
  [[nodiscard]] static bool only_links(const std::vector<std::string>& expected);

  TempTree tree_;
  std::unique_ptr<Networks> networks_;
};

// What a TCP client hears from a server that says `greeting` and closes; "" if it cannot connect
// within a second.
[[nodiscard]] std::string hear(const std::string& address, std::uint16_t port);
// The same, asked up to five times: an IPv6 address takes the kernel a while, on a busy machine.
[[nodiscard]] std::string hear_soon(const std::string& address, std::uint16_t port);
// The same of a datagram: sends one, hears one.
[[nodiscard]] std::string ask_udp(const std::string& address, std::uint16_t port);

// Serves `greeting` on a port of all addresses, until it is dropped. Made in the thread's
// namespace.
class Server {
 public:
  Server(int type, std::uint16_t port, std::string greeting);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  void serve(const std::stop_token& stop) const;
  int type_;
  Fd socket_;
  std::string greeting_;
  std::jthread thread_;
};

}  // namespace plimsoll::net
