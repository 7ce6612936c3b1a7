#include "bench/streams.h"

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
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench_host.h"
#include "bench/row.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/stream/hub.h"
#include "exporter/stream/json.h"
#include "http/address.h"
#include "http/client_socket.h"
#include "http/server.h"

namespace plimsoll::bench {
namespace {

constexpr std::size_t kMaxFrames = 128;
constexpr std::size_t kMaxClients = 512;

// What the clients' process and ours tell each other.
struct Shared {
  std::atomic<std::size_t> connected{0};
  std::atomic<std::size_t> arrived{0};  // Frames, over all clients.
  // By client and frame: when its last byte came, nanoseconds of the monotonic clock.
  std::array<std::array<std::int64_t, kMaxFrames>, kMaxClients> at{};
};

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// A client must not be what is measured: the bytes' own loop took longer than receiving them.
std::size_t count_lines(std::string_view bytes) {
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string_view::npos; ++at) ++lines;
  return lines;
}

// Reads all sockets until killed. HTTP/1.0 has no chunks: a frame is a line.
[[noreturn]] void be_clients(Shared& shared, const std::string& address, std::size_t count) {
  std::vector<Fd> sockets;
  std::vector<std::size_t> frames(count);
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (std::size_t i = 0; i < count; ++i) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    auto socket = http::connect_to(http::parse_address(address).value(), address, deadline);
    if (!socket) ::_exit(1);
    // HTTP/1.0: no chunks between the frames.
    if (!http::send_all(*socket, "GET /stream HTTP/1.0\r\nHost: b\r\n\r\n", "bench", deadline))
      ::_exit(1);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket->get(), &event);
    sockets.push_back(*std::move(socket));
    ++shared.connected;
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
      // The head's lines end before the first frame: they hold no brace.
      std::size_t ends = count_lines(bytes);
      if (frames[client] == 0 && bytes.starts_with("HTTP/")) ends = bytes.contains("}\n") ? 1 : 0;
      for (; ends > 0; --ends) {
        if (frames[client] < kMaxFrames) shared.at[client][frames[client]++] = now_ns();
        ++shared.arrived;
      }
    }
  }
}

double thread_cpu_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Load {
  std::size_t clients = 0;
  std::size_t containers = 0;
  std::chrono::milliseconds interval{};
  std::size_t frames = 0;
  double bar = 0;       // Percent of a core.
  double late_bar = 0;  // Milliseconds until a frame's last byte is there, 99 of 100.
};

void measure(const Load& load) {
  void* const memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  Shared& shared = *new (memory) Shared;
  const std::unique_ptr<http::Server> server = http::Server::create();
  exporter::StreamHub hub(nullptr, load.interval);
  exporter::SnapshotPtr current;
  server->route("/stream", {"GET"}, [&](const http::Request&, http::Responder responder) {
    exporter::StreamQuery query;
    query.selection.all = true;
    query.interval = load.interval;
    hub.add(responder.stream(exporter::stream_head(query.format)), query, nullptr);
  });
  const std::string address = server->listen("127.0.0.1:0").value();
  const pid_t child = ::fork();
  if (child == 0) be_clients(shared, address, load.clients);
  std::thread loop([&] { server->run(); });
  clockid_t clock{};
  ::pthread_getcpuclockid(loop.native_handle(), &clock);
  while (shared.connected < load.clients || hub.stats().clients < load.clients)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));

  const auto host = exporter::busy_host(load.containers, 2);
  const double cpu = thread_cpu_of(clock);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::int64_t> published;
  for (std::size_t i = 0; i < load.frames; ++i) {
    std::this_thread::sleep_until(begin + load.interval * static_cast<int>(i + 1));
    auto snapshot = std::make_shared<exporter::Snapshot>(*host);
    snapshot->sequence = i + 1;
    snapshot->taken = MonoTime(load.interval * static_cast<int>(i + 10));
    published.push_back(now_ns());
    server->post([&hub, snapshot = std::move(snapshot)] { hub.publish(snapshot); });
  }
  const std::size_t wanted = load.frames * load.clients;
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (shared.arrived < wanted && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const double used = thread_cpu_of(clock) - cpu;
  const double span =
      std::chrono::duration<double>(load.interval).count() * static_cast<double>(load.frames);
  const exporter::StreamStats stats = hub.stats();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  server->stop();
  loop.join();

  std::vector<double> late;  // Of each frame at each client, milliseconds.
  for (std::size_t client = 0; client < load.clients; ++client)
    for (std::size_t i = 0; i < load.frames; ++i)
      if (shared.at[client][i] != 0)
        late.push_back(static_cast<double>(shared.at[client][i] - published[i]) * 1e-6);
  std::ranges::sort(late);
  ::munmap(memory, sizeof(Shared));

  std::vector<std::size_t> rows(host->rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  std::string json;
  exporter::append_snapshot(json, *host, rows);
  const std::string what = "stream: " + std::to_string(load.clients) + " clients x " +
                           std::to_string(1000 / load.interval.count()) + " Hz x " +
                           std::to_string(json.size() / 1000) + " KB";
  row(load.containers, what.c_str(), used / span * 100, "% core", 0, load.bar);
  row(load.containers, "   frames formatted per tick",
      static_cast<double>(stats.formatted) / static_cast<double>(load.frames), "frames", 0, 1);
  row(load.containers, "   snapshots skipped by slow clients", static_cast<double>(stats.skipped),
      "");
  if (late.empty()) return;
  row(load.containers, "   from publishing to a client's last byte, median", late[late.size() / 2],
      "ms wall");
  row(load.containers, "   from publishing to a client's last byte, p99",
      late[late.size() * 99 / 100], "ms wall", 0, load.late_bar);
}

void measure_columns(std::size_t containers) {
  const auto host = exporter::busy_host(containers, 2);
  host->rows_since = 1;
  host->changed.assign(host->rows.size(), 3);
  host->sequence = 2;
  exporter::StreamQuery query;
  query.selection.all = true;
  query.columns = {cgroupfs::Field::kCpuUsage, cgroupfs::Field::kMemoryUsage};
  exporter::StreamView view(query);
  view.follow(*host);
  (void)view.frame(*host, 0);
  host->sequence = 3;
  const double start = thread_cpu();
  const auto frame = view.frame(*host, 2);
  const double used = thread_cpu() - start;
  row(containers, "stream: cpu.usage and memory.usage of changed containers",
      static_cast<double>(frame->size()) / static_cast<double>(containers), "B/container", 0, 40);
  row(containers, "   formatted in", used * 1e3, "ms");
}

}  // namespace

void bench_streams() {
  measure({.clients = 100,
           .containers = 63,  // 200 KB
           .interval = std::chrono::milliseconds(100),
           .frames = 60,
           .bar = 4,
           .late_bar = 10});
  measure({.clients = 300,
           .containers = 100,
           .interval = std::chrono::milliseconds(1000),
           .frames = 8,
           .bar = 5});
  measure_columns(5000);
}

}  // namespace plimsoll::bench
