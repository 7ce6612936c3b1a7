#include "exporter/collect/sampler_loop.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plimsoll::exporter {

namespace {
// A runtime that answers nothing must not let questions pile up; the inventory asks again by
// itself.
constexpr std::size_t kMaxQuestions = 1024;
}  // namespace

Result<std::unique_ptr<SamplerLoop>> SamplerLoop::create(SamplerConfig config, const Clock& clock,
                                                         Done on_publish, Fetch fetch) {
  std::unique_ptr<SamplerLoop> loop(
      new SamplerLoop(clock, config.interval, std::move(on_publish), std::move(fetch)));
  if (loop->fetch_) {
    config.ask = [raw = loop.get()](inventory::Question question) {
      const std::lock_guard lock(raw->mutex_);
      if (raw->questions_.size() >= kMaxQuestions) return;
      raw->questions_.push_back(std::move(question));
      raw->questions_wake_.notify_one();
    };
  }
  loop->sampler_ = PLIMSOLL_TRY(Sampler::create(std::move(config), clock));
  return loop;
}

SamplerLoop::SamplerLoop(const Clock& clock, std::chrono::nanoseconds interval, Done on_publish,
                         Fetch fetch)
    : clock_(clock),
      interval_(interval),
      on_publish_(std::move(on_publish)),
      fetch_(std::move(fetch)) {}

SamplerLoop::~SamplerLoop() {
  thread_.request_stop();
  fetcher_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (fetcher_.joinable()) fetcher_.join();
  for (const Waiting& waiting : waiting_) waiting.done(current_);
}

void SamplerLoop::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  if (fetch_) fetcher_ = std::jthread([this](const std::stop_token& stop) { fetch_answers(stop); });
}

SnapshotPtr SamplerLoop::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void SamplerLoop::request(std::chrono::nanoseconds max_age, Freshness freshness, Done done) {
  std::unique_lock lock(mutex_);
  const MonoTime oldest = clock_.now() - max_age;
  if (current_ && current_->taken >= oldest && freshness != Freshness::kFull) {
    const SnapshotPtr snapshot = current_;
    lock.unlock();
    done(snapshot);
    return;
  }
  waiting_.push_back({oldest, freshness, std::move(done)});
  wake_.notify_one();
}

void SamplerLoop::watch(std::vector<std::uint64_t> serials, Done done) {
  auto watch = serials.empty() || interval_ <= kWatchInterval
                   ? nullptr
                   : std::make_shared<const Watch>(Watch{std::move(serials), std::move(done)});
  const std::lock_guard lock(mutex_);
  watch_ = std::move(watch);
  wake_.notify_one();
}

void SamplerLoop::follow(std::vector<std::uint64_t> serials) {
  const std::lock_guard lock(mutex_);
  follow_ = std::move(serials);
}

SelfStats SamplerLoop::stats() const {
  const std::lock_guard lock(mutex_);
  SelfStats stats = stats_;
  stats.late_ticks = late_ticks_;
  stats.lag_seconds = lag_seconds_;
  return stats;
}

std::optional<std::chrono::nanoseconds> SamplerLoop::idle_for() const {
  const std::lock_guard lock(mutex_);
  if (last_end_ == MonoTime{}) return std::nullopt;
  return clock_.now() - last_end_;
}

void SamplerLoop::run(const std::stop_token& stop) {
  MonoTime next = clock_.now();
  MonoTime watched = next;  // When the watched groups' turn is.
  while (!stop.stop_requested()) {
    std::optional<Freshness> asked;
    {
      std::unique_lock lock(mutex_);
      // Waits in real time: with a FakeClock the owner drives ticks through request().
      const bool watching = watch_ != nullptr;
      const MonoTime wake_at = watching ? std::min(next, watched) : next;
      wake_.wait_for(lock, stop, std::max(wake_at - clock_.now(), std::chrono::nanoseconds(0)),
                     [&] { return !waiting_.empty() || watching != (watch_ != nullptr); });
      if (stop.stop_requested()) return;
      for (const Waiting& waiting : waiting_)
        asked = std::max(asked.value_or(Freshness::kTick), waiting.freshness);
    }
    const MonoTime now = clock_.now();
    if (now >= next) {
      tick(asked.value_or(Freshness::kTick), next);
      next += interval_;
      // After a long stall the missed ticks are not made up for.
      if (next <= clock_.now()) next = clock_.now() + interval_;
      watched = now + kWatchInterval;
    } else if (asked) {
      tick(*asked, std::nullopt);
    } else if (now >= watched) {
      sample_watched();
      watched += kWatchInterval;
      if (watched <= clock_.now()) watched = clock_.now() + kWatchInterval;
      if (watched + kWatchInterval / 2 > next) watched = next;  // The tick reads them anyway.
    }
  }
}

void SamplerLoop::sample_watched() {
  std::shared_ptr<const Watch> watch;
  {
    const std::lock_guard lock(mutex_);
    watch = watch_;
  }
  if (!watch) return;
  SnapshotPtr snapshot = sampler_->sample_watched(watch->serials);
  watch->done(std::move(snapshot));
}

void SamplerLoop::tick(Freshness freshness, std::optional<MonoTime> planned) {
  std::vector<Answer> answers;
  std::optional<std::vector<std::uint64_t>> follow;
  {
    const std::lock_guard lock(mutex_);
    answers = std::exchange(answers_, {});
    follow = std::exchange(follow_, std::nullopt);
  }
  if (follow) sampler_->follow(*follow);
  for (const Answer& answer : answers) sampler_->answer(answer.question, answer.body);

  const MonoTime begin = clock_.now();
  SnapshotPtr snapshot = sampler_->sample(freshness);
  if (planned) sampler_->remember(*snapshot);
  if (on_sample_) on_sample_(snapshot);
  SelfStats stats = sampler_->stats();
  std::vector<Waiting> served;
  {
    const std::lock_guard lock(mutex_);
    current_ = snapshot;
    stats_ = std::move(stats);
    last_end_ = clock_.now();
    if (planned) {
      lag_seconds_ = std::chrono::duration<double>(begin - *planned).count();
      if (begin - *planned > interval_ / 2) ++late_ticks_;
    }
    const auto rest = std::stable_partition(
        waiting_.begin(), waiting_.end(),
        [&](const Waiting& w) { return w.oldest <= snapshot->taken && w.freshness <= freshness; });
    served.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(rest));
    waiting_.erase(waiting_.begin(), rest);
  }
  for (const Waiting& waiting : served) waiting.done(snapshot);
  if (planned && on_publish_) on_publish_(snapshot);
}

void SamplerLoop::fetch_answers(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    inventory::Question question;
    {
      std::unique_lock lock(mutex_);
      questions_wake_.wait(lock, stop, [&] { return !questions_.empty(); });
      if (stop.stop_requested()) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    Result<std::string> body = fetch_(question);
    const std::lock_guard lock(mutex_);
    answers_.push_back({std::move(question), std::move(body)});
  }
}

}  // namespace plimsoll::exporter
