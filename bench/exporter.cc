#include "bench/exporter.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "bench/measure.h"
#include "bench/row.h"
#include "http/address.h"
#include "http/client.h"
#include "http/client_socket.h"
#include "http/server.h"

namespace plimsoll::bench {
namespace {

// `plimsoll exporter` on a port of its own; ends with the object.
class RealExporter {
 public:
  explicit RealExporter(const std::string& root) {
    const std::string program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "plimsoll").string();
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
    log_ = Fd(pipe[0]);
    Fd end(pipe[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(end.get(), STDERR_FILENO);
      const std::string flag = "--cgroup-root=" + root;
      ::execl(program.c_str(), "plimsoll", "exporter", "--web.listen-address=127.0.0.1:0",
              flag.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    end = Fd();  // Or a start that failed would never be the end of the log.
    std::string text;
    std::array<char, 512> part{};
    while (address_.empty()) {
      const ssize_t n = ::read(log_.get(), part.data(), part.size());
      if (n <= 0) return;
      text.append(part.data(), static_cast<std::size_t>(n));
      constexpr std::string_view kSaid = "listening on ";
      const std::size_t at = text.find(kSaid);
      const std::size_t line = at == std::string::npos ? at : text.find('\n', at);
      if (line != std::string::npos)
        address_ = text.substr(at + kSaid.size(), line - at - kSaid.size());
    }
  }
  ~RealExporter() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  RealExporter(const RealExporter&) = delete;
  RealExporter& operator=(const RealExporter&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] bool ready() const {
    for (int i = 0; i < 600; ++i) {
      const auto answer = http::get(address_, "/-/ready");
      if (answer && answer->status == 200) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }
  // A field of /proc/PID/status in KiB.
  [[nodiscard]] double status_kib(std::string_view key) const {
    const std::string text = file("status");
    std::string_view rest = text;
    std::string_view line;
    while (next_line(rest, line)) {
      std::string_view word;
      if (!line.starts_with(key)) continue;
      line.remove_prefix(key.size());
      (void)next_word(line, word);
      return static_cast<double>(to_number<std::uint64_t>(word).value_or(0));
    }
    return 0;
  }
  // Seconds of CPU, all threads.
  [[nodiscard]] double cpu() const {
    const std::string text = file("stat");
    std::string_view rest = std::string_view(text).substr(text.rfind(')') + 1);
    std::string_view word;
    double ticks = 0;
    for (int field = 3; next_word(rest, word) && field <= 15; ++field)
      if (field >= 14) ticks += static_cast<double>(to_number<std::uint64_t>(word).value_or(0));
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }

 private:
  [[nodiscard]] std::string file(const char* name) const {
    const DirFd proc = open_dir(("/proc/" + std::to_string(pid_)).c_str()).value();
    return read_file_at(proc, name).value();
  }

  pid_t pid_ = -1;
  std::string address_;
  Fd log_;  // Kept open: a log without a reader would end it.
};

// Wall milliseconds until the last byte of an answer is there. The bytes are thrown away: a client
// that keeps them takes longer for that than the server takes for all it does.
std::optional<double> time_answer(const std::string& address, const std::string& target) {
  const std::string request =
      "GET " + target + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n";
  std::vector<char> buffer(std::size_t{1} << 18);
  const double begin = wall_now();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto socket = http::connect_to(http::parse_address(address).value(), address, deadline);
  if (!socket || !http::send_all(*socket, request, address, deadline)) return std::nullopt;
  bool answered = false;
  for (;;) {
    const auto n = http::receive(*socket, buffer, address, deadline);
    if (!n) return std::nullopt;
    if (*n == 0) break;
    if (!answered && !std::string_view(buffer.data(), *n).contains(" 200 ")) return std::nullopt;
    answered = true;
  }
  return answered ? std::optional((wall_now() - begin) * 1e3) : std::nullopt;
}

// The body of a GET of `target`, and the median of the milliseconds it takes.
struct Fetched {
  double milliseconds = 0;
  std::string body;
};
std::optional<Fetched> fetch(const std::string& address, const std::string& target) {
  http::ClientOptions options;
  options.max_body = std::size_t{1} << 30;
  auto answer = http::get(address, target, options);
  if (!answer || answer->status != 200) return std::nullopt;
  Fetched fetched{.milliseconds = 0, .body = std::move(answer->body)};
  std::vector<double> walls;
  for (int i = 0; i < 15; ++i) {
    const auto wall = time_answer(address, target);
    if (!wall) return std::nullopt;
    walls.push_back(*wall);
  }
  fetched.milliseconds = median(walls);
  return fetched;
}

// The same bytes from a server that has them ready.
double bare_fetch(const std::string& body) {
  const std::unique_ptr<http::Server> server = http::Server::create();
  const auto shared = std::make_shared<const std::string>(body);
  server->route("/metrics", {"GET"}, [&](const http::Request&, http::Responder responder) {
    http::Response response;
    response.body = shared;
    responder.send(std::move(response));
  });
  const std::string address = server->listen("127.0.0.1:0").value();
  std::thread loop([&] { server->run(); });
  const auto fetched = fetch(address, "/metrics");
  server->stop();
  loop.join();
  return fetched ? fetched->milliseconds : 0;
}

std::size_t count_series(std::string_view text) {
  std::size_t series = 0;
  std::string_view line;
  while (next_line(text, line)) series += line.starts_with('#') ? 0 : 1;
  return series;
}

double bar_at(std::size_t n, double at_1000, double at_5000) {
  return n == 1000 ? at_1000 : n == 5000 ? at_5000 : 0;
}

}  // namespace

void bench_exporter(const BenchHost& host, const std::string& root) {
  const std::size_t n = host.groups().size();
  const RealExporter exporter(root);
  if (exporter.address().empty() || !exporter.ready())
    return std::printf("!! plimsoll exporter does not start\n"), void();
  std::this_thread::sleep_for(std::chrono::seconds(5));  // The start is over, its pages released.
  row(n, "the program at rest: RSS", exporter.status_kib("VmRSS:") / 1024, "MiB", 0,
      n <= 10 ? 8 : bar_at(n, 18, 70));
  const double begin = wall_now();
  const double before = exporter.cpu();
  std::this_thread::sleep_for(std::chrono::seconds(10));
  row(n, "   share of a core at 1 Hz, all idle",
      (exporter.cpu() - before) / (wall_now() - begin) * 100, "%", 0, bar_at(n, 3, 15));
  const auto ready = fetch(exporter.address(), "/metrics?max_age=1h");
  if (!ready) return std::printf("!! /metrics does not answer\n"), void();
  const auto series = static_cast<double>(count_series(ready->body));
  const double floor = bare_fetch(ready->body);
  row(n, "floor: a GET of the same bytes, ready-made", floor, "ms wall");
  row(n, "   a scrape of a sample that is there", ready->milliseconds, "ms wall", floor);
  row(n, "   the same, per series", ready->milliseconds * 1e6 / series, "ns wall", 0,
      n >= 1000 ? 107 : 0);
  row(n, "   RSS after it", exporter.status_kib("VmRSS:") / 1024, "MiB");
}

}  // namespace plimsoll::bench
