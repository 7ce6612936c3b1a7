#include "agent/top/feed.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "agent/exit_code.h"

namespace plimsoll::agent::top {

namespace {
constexpr const char* kLocalExporter = "127.0.0.1:7546";
}

Feed::Feed(FeedOptions options, std::shared_ptr<Mailbox> mailbox)
    : options_(std::move(options)),
      mailbox_(std::move(mailbox)),
      all_cgroups_(options_.source.all_cgroups) {}

void Feed::start() {
  std::thread([self = shared_from_this()] { self->run(); }).detach();
}

void Feed::run() {
  if (options_.remote)
    run_remote();
  else
    run_here();
}

SourceOptions Feed::options_now() const {
  SourceOptions options = options_.source;
  options.all_cgroups = all_cgroups_;
  return options;
}

// Success: somebody wants other cgroups than this source delivers.
Result<> Feed::read(StatsSource& source, bool all_cgroups) {
  return source.run([&](StatsFrame frame) {
    if (all_cgroups_ != all_cgroups) return false;
    if (std::exchange(noted_, false)) mailbox_->post(SourceNote{});
    shown_ = true;
    mailbox_->post(std::move(frame));
    return true;
  });
}

Result<> Feed::ask(const Remote& remote) {
  for (;;) {
    const SourceOptions options = options_now();
    const auto source = make_exporter_source(remote, options);
    PLIMSOLL_TRY(read(*source, options.all_cgroups));
  }
}

Result<> Feed::sample() {
  const RealClock clock;
  for (;;) {
    const SourceOptions options = options_now();
    const auto source = PLIMSOLL_TRY(make_sampler_source(options_.sampler, clock, options));
    PLIMSOLL_TRY(read(*source, options.all_cgroups));
  }
}

void Feed::run_remote() {
  for (;;) {
    const Result<> result = ask(*options_.remote);
    if (!shown_) {
      mailbox_->post(SourceEnd{result.error().message(), kExitUnreachable});
      return;
    }
    noted_ = true;
    mailbox_->post(SourceNote{result.error().message() + "; asked again"});
    std::this_thread::sleep_for(
        std::max<std::chrono::nanoseconds>(options_.source.interval, std::chrono::seconds(1)));
  }
}

bool Feed::reads_this_host() const {
  const exporter::SamplerConfig real;
  const exporter::SamplerConfig& ours = options_.sampler;
  return ours.cgroup_root == real.cgroup_root && ours.proc_root == real.proc_root &&
         ours.sys_root == real.sys_root && ours.host_root == real.host_root;
}

void Feed::run_here() {
  if (reads_this_host() && !options_.local) {
    const Result<> result = ask({kLocalExporter, {}});
    // Nobody listening is the normal case; anything else deserves a word, which stays.
    if (result.error().kind != ErrorKind::kNotOffered || shown_)
      mailbox_->post(SourceNote{result.error().message() + "; sampling without it"});
  }
  const Result<> result = sample();
  mailbox_->post(
      SourceEnd{describe(result.error()) + " ('plimsoll doctor' says what this host offers)",
                exit_code_of(result.error().kind)});
}

}  // namespace plimsoll::agent::top
