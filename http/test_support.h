// For tests: a server on its own thread, and a client that sends exactly the bytes it is told to.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/fd.h"
#include "http/client_socket.h"
#include "http/server.h"

namespace plimsoll::http::testing {

// Generous: reached only by a failure.
constexpr std::chrono::seconds kPatience{30};

inline std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

// Polls until `condition` holds; false when patience is over.
inline bool eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

class RunningServer {
 public:
  // `prepare` adds routes and listeners before the loop starts.
  RunningServer(const ServerLimits& limits, const std::function<void(Server&)>& prepare,
                const std::string& address = "127.0.0.1:0")
      : server_(Server::create(limits)) {
    prepare(*server_);
    const Result<std::string> bound = server_->listen(address);
    EXPECT_TRUE(bound) << bound.error().message();
    if (bound) address_ = *bound;
    thread_ = std::thread([this] { server_->run(); });
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void stop() {
    server_->stop();
    if (thread_.joinable()) thread_.join();
  }

  Server* operator->() { return server_.get(); }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  std::unique_ptr<Server> server_;
  std::string address_;
  std::thread thread_;
};

class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    const auto parsed = parse_address(address);
    EXPECT_TRUE(parsed) << address;
    if (!parsed) return;
    auto connected = connect_to(*parsed, address, deadline());
    EXPECT_TRUE(connected) << connected.error().message();
    if (connected) socket_ = *std::move(connected);
  }

  void send(std::string_view bytes) const {
    const auto sent = send_all(socket_, bytes, "client", deadline());
    EXPECT_TRUE(sent) << sent.error().message();
  }

  // Sends what the server still takes; it may have closed.
  void try_send(std::string_view bytes) const {
    [[maybe_unused]] const auto sent = send_all(socket_, bytes, "client", deadline());
  }

  // Until the server closes (or resets) the connection.
  std::string read_to_end() {
    while (read_some()) {
    }
    return std::exchange(input_, {});
  }

  // Everything up to and including `mark`; what came before the end if it never comes.
  std::string read_until(std::string_view mark) {
    std::size_t found = input_.find(mark);
    while (found == std::string::npos && read_some()) found = input_.find(mark);
    EXPECT_NE(found, std::string::npos) << "no '" << mark << "' in: " << input_;
    if (found == std::string::npos) return std::exchange(input_, {});
    std::string result = input_.substr(0, found + mark.size());
    input_.erase(0, found + mark.size());
    return result;
  }

  // A complete answer with Content-Length (and without HEAD): head and body.
  std::string read_answer() {
    std::string answer = read_until("\r\n\r\n");
    const std::size_t at = answer.find("Content-Length: ");
    if (at == std::string::npos) return answer;
    const std::size_t length = std::stoul(answer.substr(at + 16));
    while (input_.size() < length && read_some()) {
    }
    answer += input_.substr(0, length);
    input_.erase(0, length);
    return answer;
  }

  [[nodiscard]] bool is_open() {
    char byte = 0;
    const ssize_t n = ::recv(socket_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n > 0 || (n < 0 && errno == EAGAIN);
  }

  void shutdown_send() const { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(); }
  [[nodiscard]] const Fd& socket() const { return socket_; }

 private:
  static TimePoint deadline() { return std::chrono::steady_clock::now() + kPatience; }

  bool read_some() {
    std::array<char, 65536> bytes{};
    const auto n = receive(socket_, bytes, "client", deadline());
    EXPECT_TRUE(n || n.error().os_error != ETIMEDOUT) << "the server kept the connection open";
    if (!n || *n == 0) return false;
    input_.append(bytes.data(), *n);
    return true;
  }

  Fd socket_;
  std::string input_;
};

// One request on one connection, answered with everything the server says until it closes.
inline std::string ask(const std::string& address, std::string_view bytes) {
  RawClient client(address);
  client.try_send(bytes);
  return client.read_to_end();
}

inline std::string get_text(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
}

}  // namespace plimsoll::http::testing
