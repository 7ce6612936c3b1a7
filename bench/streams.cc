#include "bench/streams.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "bench/stream_clients.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/stream/hub.h"
#include "exporter/stream/json.h"
#include "http/server.h"

namespace plimsoll::bench {
namespace {

enum class Frames : std::uint8_t {
  kWhole,   // Whole containers.
  kGzip,    // The same to clients that take gzip.
  kColumns  // cpu.usage and memory.usage of those that changed.
};

struct Load {
  std::size_t clients = 0;
  std::size_t containers = 0;
  std::chrono::milliseconds interval{};
  std::size_t frames = 0;
  double bar = 0;       // Percent of a core.
  double late_bar = 0;  // Milliseconds until a frame's last byte is there, 99 of 100.
  Frames kind = Frames::kWhole;
};

exporter::StreamQuery query_of(const Load& load) {
  exporter::StreamQuery query;
  query.selection.all = true;
  query.interval = load.interval;
  query.gzip = load.kind == Frames::kGzip;
  if (load.kind == Frames::kColumns)
    query.columns = {cgroupfs::Field::kCpuUsage, cgroupfs::Field::kMemoryUsage};
  return query;
}

std::string_view end_of(const Load& load) {
  return load.kind == Frames::kGzip ? kFlushEnd : kLineEnd;
}

std::shared_ptr<const exporter::Snapshot> snapshot_at(const exporter::Snapshot& host,
                                                      const Load& load, std::size_t i) {
  auto snapshot = std::make_shared<exporter::Snapshot>(host);
  snapshot->sequence = i + 1;
  snapshot->taken = MonoTime(load.interval * static_cast<int>(i + 10));
  snapshot->rows_since = 1;
  snapshot->changed.assign(snapshot->rows.size(), i + 1);
  return snapshot;
}

double at_share(const std::vector<double>& sorted, std::size_t percent) {
  return sorted.empty() ? 0 : sorted[sorted.size() * percent / 100];
}

struct Bare {
  std::vector<double> late;  // Sorted.
  double cpu = 0;            // Seconds.
};

// What the kernel takes for it alone: the same bytes to the same clients by send(2), one after
// another.
Bare send_bare(const Load& load, std::string_view frame) {
  const Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listening.get(), generic, length) != 0 || ::listen(listening.get(), 512) != 0 ||
      ::getsockname(listening.get(), generic, &length) != 0) {
    std::perror("floor of the streams");
    return {};
  }
  const StreamClients clients("127.0.0.1:" + std::to_string(ntohs(address.sin_port)), load.clients,
                              end_of(load));
  std::vector<Fd> sockets;
  const std::string head = "HTTP/1.0 200 OK\r\n\r\n";
  while (sockets.size() < load.clients) {
    Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    (void)::send(socket.get(), head.data(), head.size(), MSG_NOSIGNAL);
    sockets.push_back(std::move(socket));
  }
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::int64_t> published;
  const double cpu = thread_cpu();
  for (std::size_t i = 0; i < load.frames; ++i) {
    std::this_thread::sleep_until(begin + load.interval * static_cast<int>(i + 1));
    published.push_back(now_ns());
    for (const Fd& socket : sockets)
      for (std::string_view rest = frame; !rest.empty();) {
        const ssize_t sent = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) return {};
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
  }
  const double spent = thread_cpu() - cpu;
  clients.await(load.frames);
  return {clients.lateness(published), spent};
}

std::string frame_of(const exporter::Snapshot& host, const Load& load) {
  exporter::StreamView view(query_of(load));
  const auto first = snapshot_at(host, load, 0);
  view.follow(*first);
  std::string frame = *view.frame(*first, 0).bytes;
  if (load.kind != Frames::kColumns) return frame;
  const auto next = snapshot_at(host, load, 1);
  view.follow(*next);
  return *view.frame(*next, 1).bytes;
}

void measure(const Load& load) {
  const auto host = exporter::busy_host(load.containers, 2);
  const std::string frame = frame_of(*host, load);
  const Bare bare = send_bare(load, frame);

  const std::unique_ptr<http::Server> server = http::Server::create();
  exporter::StreamHub hub(nullptr, load.interval);
  server->route("/stream", {"GET"}, [&](const http::Request&, http::Responder responder) {
    exporter::StreamQuery query = query_of(load);
    auto stream = responder.stream(exporter::stream_head(query.format));
    hub.add(std::move(stream), std::move(query), nullptr);
  });
  const std::string address = server->listen("127.0.0.1:0").value();
  const StreamClients clients(address, load.clients, end_of(load));
  std::thread loop([&] { server->run(); });
  clockid_t clock{};
  ::pthread_getcpuclockid(loop.native_handle(), &clock);
  while (clients.connected() < load.clients || hub.stats().clients < load.clients)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));

  const double cpu = seconds_of(clock);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::int64_t> published;
  for (std::size_t i = 0; i < load.frames; ++i) {
    auto snapshot = snapshot_at(*host, load, i);
    std::this_thread::sleep_until(begin + load.interval * static_cast<int>(i + 1));
    published.push_back(now_ns());
    server->post([&hub, snapshot = std::move(snapshot)] { hub.publish(snapshot); });
  }
  clients.await(load.frames);
  const double used = seconds_of(clock) - cpu;
  const double span =
      std::chrono::duration<double>(load.interval).count() * static_cast<double>(load.frames);
  const exporter::StreamStats stats = hub.stats();
  const std::vector<double> late = clients.lateness(published);
  server->stop();
  loop.join();

  const std::string what = "stream: " + std::to_string(load.clients) + " clients x " +
                           std::to_string(1000 / load.interval.count()) + " Hz x " +
                           std::to_string((frame.size() + 999) / 1000) + " KB" +
                           (load.kind == Frames::kGzip ? ", gzip" : "");
  row(load.containers, what.c_str(), used / span * 100, "% core", 0, load.bar);
  row(load.containers, "   beside the same bytes by send(2)", used / span * 100, "% core",
      bare.cpu / span * 100);
  row(load.containers, "   frames formatted per tick",
      static_cast<double>(stats.formatted) / static_cast<double>(load.frames), "frames", 0, 1);
  row(load.containers, "   snapshots skipped by slow clients", static_cast<double>(stats.skipped),
      "");
  row(load.containers, "   floor: the same bytes, send(2) to each in turn, p99",
      at_share(bare.late, 99), "ms wall");
  row(load.containers, "   from publishing to a client's last byte, median", at_share(late, 50),
      "ms wall", at_share(bare.late, 50));
  row(load.containers, "   from publishing to a client's last byte, p99", at_share(late, 99),
      "ms wall", at_share(bare.late, 99));
  row(load.containers, "   the same, in all", at_share(late, 99), "ms wall", 0, load.late_bar);
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
      static_cast<double>(frame.bytes->size()) / static_cast<double>(containers), "B/container", 0,
      40);
  row(containers, "   formatted in", used * 1e3, "ms");
}

}  // namespace

void bench_streams() {
  constexpr std::chrono::milliseconds kTenth(100);
  constexpr std::chrono::milliseconds kSecond(1000);
  Load quick{.clients = 100,
             .containers = 51,  // 200 KB
             .interval = kTenth,
             .frames = 60,
             .bar = 4,
             .late_bar = 10};
  Load many{.clients = 300,
            .containers = 100,
            .interval = kSecond,
            .frames = 8,
            .bar = 5,
            .late_bar = 10};
  for (const Frames kind : {Frames::kWhole, Frames::kGzip}) {
    quick.kind = kind;
    measure(quick);
  }
  for (const Frames kind : {Frames::kWhole, Frames::kGzip, Frames::kColumns}) {
    many.kind = kind;
    measure(many);
  }
  measure_columns(5000);
}

}  // namespace plimsoll::bench
