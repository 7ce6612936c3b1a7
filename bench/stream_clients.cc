#include "bench/stream_clients.h"

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "http/address.h"
#include "http/client_socket.h"

namespace plimsoll::bench {

namespace {

constexpr std::size_t kMaxFrames = 128;
constexpr std::size_t kMaxClients = 512;

// A client must not be what is measured: the bytes' own loop took longer than receiving them.
std::size_t count(std::string_view bytes, std::string_view end) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = bytes.find(end, at)) != std::string_view::npos; at += end.size())
    ++found;
  return found;
}

// Of one client: what has come, up to where a frame may end.
struct Input {
  std::string tail;  // Less than a frame's end, of the last bytes.
  std::size_t frames = 0;
};

}  // namespace

// What the clients' process and ours tell each other.
struct StreamClients::Shared {
  std::atomic<std::size_t> connected{0};
  std::atomic<std::size_t> arrived{0};  // Frames, over all clients.
  // By client and frame: when its last byte came.
  std::array<std::array<std::int64_t, kMaxFrames>, kMaxClients> at{};
};

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

StreamClients::StreamClients(std::string address, std::size_t count, std::string_view end)
    : count_(std::min(count, kMaxClients)), end_(end) {
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  shared_ = new (memory) Shared;
  child_ = ::fork();
  if (child_ == 0) run(address);
}

StreamClients::~StreamClients() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  ::munmap(shared_, sizeof(Shared));
}

std::size_t StreamClients::connected() const {
  return shared_->connected;
}

void StreamClients::await(std::size_t frames) const {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (shared_->arrived < frames * count_ && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

std::vector<double> StreamClients::lateness(std::span<const std::int64_t> published) const {
  std::vector<double> late;
  for (std::size_t client = 0; client < count_; ++client)
    for (std::size_t i = 0; i < std::min(published.size(), kMaxFrames); ++i)
      if (shared_->at[client][i] != 0)
        late.push_back(static_cast<double>(shared_->at[client][i] - published[i]) * 1e-6);
  std::ranges::sort(late);
  return late;
}

// Reads all sockets until killed. HTTP/1.0 has no chunks.
void StreamClients::run(const std::string& address) const {
  std::vector<Fd> sockets;
  std::vector<Input> inputs(count_);
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (std::size_t i = 0; i < count_; ++i) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    auto socket = http::connect_to(http::parse_address(address).value(), address, deadline);
    if (!socket) ::_exit(1);
    if (!http::send_all(*socket, "GET /stream HTTP/1.0\r\nHost: b\r\n\r\n", "bench", deadline))
      ::_exit(1);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket->get(), &event);
    sockets.push_back(*std::move(socket));
    ++shared_->connected;
  }
  std::vector<char> buffer(std::size_t{1} << 20);
  std::array<epoll_event, 64> events{};
  for (;;) {
    const int n = ::epoll_wait(epoll.get(), events.data(), events.size(), -1);
    for (int e = 0; e < n; ++e) {
      const std::size_t client = events[static_cast<std::size_t>(e)].data.u64;
      const ssize_t got = ::recv(sockets[client].get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) continue;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      Input& input = inputs[client];
      std::size_t ends = count(bytes, end_);
      // The head's lines end before the first frame: they hold no brace, and nothing compressed.
      if (input.frames == 0 && bytes.starts_with("HTTP/"))
        ends = end_ != kLineEnd || bytes.contains("}\n") ? std::min<std::size_t>(ends, 1) : 0;
      if (end_.size() > 1) {
        const std::string seam = input.tail + std::string(bytes.substr(0, end_.size() - 1));
        ends += count(seam, end_);
        input.tail =
            (input.tail +
             std::string(bytes.substr(bytes.size() - std::min(bytes.size(), end_.size() - 1))));
        input.tail.erase(0, input.tail.size() - std::min(input.tail.size(), end_.size() - 1));
      }
      for (; ends > 0; --ends) {
        if (input.frames < kMaxFrames) shared_->at[client][input.frames++] = now_ns();
        ++shared_->arrived;
      }
    }
  }
}

}  // namespace plimsoll::bench
