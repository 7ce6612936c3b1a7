#include "agent/exporter_command.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "base/log.h"
#include "exporter/collect/sampler_loop.h"
#include "exporter/web/endpoints.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

// SIGINT and SIGTERM as something a thread waits for. Blocked before any other thread starts.
Result<Fd> block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  if (const int failed = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); failed != 0)
    return os_failure("pthread_sigmask", "SIGINT, SIGTERM", failed);
  std::signal(SIGPIPE, SIG_IGN);  // A client that left is an error code of the write.
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC);
  if (fd < 0) return os_failure("signalfd", "SIGINT, SIGTERM");
  return Fd(fd);
}

int fail(const Error& error) {
  log::error(error.message());
  log::stop();
  return 1;
}

void log_start(const exporter::SamplerConfig& config, const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) log::info("listening on " + address);
  log::info("sampling " + config.cgroup_root + " every " +
            std::to_string(std::chrono::duration<double>(config.interval).count()) +
            " s; at most " + std::to_string(config.reader.max_held) + " files held open");
}

}  // namespace

std::size_t held_file_budget(std::size_t connections) {
  constexpr std::size_t kReserve = 512;  // Libraries, logs, directory walks, the inventory's files.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const std::size_t needed = connections + kReserve;
  return limit.rlim_cur > needed ? static_cast<std::size_t>(limit.rlim_cur) - needed : 0;
}

Result<std::string> ask_runtime(const inventory::Question& question) {
  http::ClientResponse response =
      PLIMSOLL_TRY(http::get("unix:" + question.socket, question.target));
  if (response.status != 200)
    return failure(
        response.status == 404 ? ErrorKind::kGone : ErrorKind::kRejected, "GET",
        question.socket + " " + question.target + ": status " + std::to_string(response.status));
  return std::move(response.body);
}

int run_exporter(ExporterConfig config) {
  const Result<Fd> signals = block_signals();
  log::start(config.log_level);
  if (!signals) return fail(signals.error());
  const RealClock clock;
  config.sampler.reader.max_held =
      std::min(config.sampler.reader.max_held, held_file_budget(config.limits.connections));
  config.sampler.render_labels = [labels = config.labels](const inventory::Identity& identity,
                                                          std::uint64_t& collisions) {
    return exporter::render_labels(identity, labels, collisions);
  };

  const std::unique_ptr<http::Server> server = http::Server::create(config.limits);
  exporter::Endpoints* endpoints =
      nullptr;  // Set before the loop starts; the loop ends before it goes.
  auto loop = exporter::SamplerLoop::create(
      config.sampler, clock,
      [&endpoints](exporter::SnapshotPtr snapshot) { endpoints->publish(std::move(snapshot)); },
      ask_runtime);
  if (!loop) return fail(loop.error());

  exporter::EndpointOptions options;
  options.telemetry_path = config.telemetry_path;
  options.text.groups = config.sampler.reader.groups;
  options.text.exporter_metrics = config.exporter_metrics;
  options.interval = config.sampler.interval;
  options.scrape_max_age = config.scrape_max_age;
  exporter::Endpoints served(*server, **loop, clock, std::move(options));
  endpoints = &served;

  if (config.listen_addresses.empty()) config.listen_addresses = {":7546"};
  std::vector<std::string> bound;
  for (const std::string& address : config.listen_addresses) {
    Result<std::string> listening = server->listen(address);
    if (!listening) return fail(listening.error());
    bound.push_back(*std::move(listening));
  }
  std::unique_ptr<exporter::Pusher> pusher;
  if (config.push.wanted()) {
    auto made = make_pusher(config.push, served);
    if (!made) return fail(made.error());
    pusher = *std::move(made);
  }
  log_start(config.sampler, bound);

  (*loop)->start();
  if (pusher) pusher->start();
  std::thread stopper([&] {
    signalfd_siginfo info{};
    ssize_t n = 0;
    do {
      n = ::read(signals->get(), &info, sizeof info);
    } while (n < 0 && errno == EINTR);
    server->post([&] {
      served.finish();
      server->stop();
    });
  });
  server->run();
  stopper.join();
  pusher.reset();
  loop->reset();  // Before the endpoints it publishes to.
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace plimsoll::agent
