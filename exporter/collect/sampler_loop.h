// The sampler's thread: a tick every interval, one more when somebody asks for numbers fresher than
// the last.
//
// All public functions are safe from any thread. Callbacks run on the sampler thread and must
// return at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/sampler.h"

namespace plimsoll::exporter {

class SamplerLoop {
 public:
  using Done = std::function<void(SnapshotPtr)>;
  // Answers an inventory question; may block, runs on a thread of its own.
  using Fetch = std::function<Result<std::string>(const inventory::Question&)>;

  // `on_publish` is called after every regular tick. The sampler is created inside, on the caller's
  // thread.
  [[nodiscard]] static Result<std::unique_ptr<SamplerLoop>> create(SamplerConfig config,
                                                                   const Clock& clock,
                                                                   Done on_publish, Fetch fetch);
  ~SamplerLoop();  // Stops and joins; waiting requests get the last snapshot.
  SamplerLoop(const SamplerLoop&) = delete;
  SamplerLoop& operator=(const SamplerLoop&) = delete;

  // Before start(): `done` gets the snapshot of every tick, regular or asked for, before anybody
  // else does.
  void watch(Done done) { on_sample_ = std::move(done); }
  void start();

  // The newest snapshot; null until the first tick is done.
  [[nodiscard]] SnapshotPtr current() const;
  // Calls `done` with a snapshot whose reading began at most `max_age` ago: at once when there is
  // one, else after the tick that this asks for. Several waiting requests share one tick.
  void request(std::chrono::nanoseconds max_age, Freshness freshness, Done done);
  // These groups (by Row::serial) are sampled every kWatchInterval between the ticks as well, and
  // `done` gets each such snapshot, in which all others are as at the last tick. Until the next
  // call; none are watched when `serials` is empty.
  void watch(std::vector<std::uint64_t> serials, Done done);
  static constexpr std::chrono::milliseconds kWatchInterval{100};
  // Of these groups (by Row::serial) every tick brings the warm values, too, if they ran: somebody
  // watches them live. Until the next call.
  void follow(std::vector<std::uint64_t> serials);
  // As of the last tick.
  [[nodiscard]] SelfStats stats() const;
  [[nodiscard]] const History* history() const { return sampler_->history(); }
  [[nodiscard]] const UsageHistograms* histograms() const { return sampler_->histograms(); }
  [[nodiscard]] const DirFd& proc() const { return sampler_->proc(); }
  // How long ago the last tick ended: grows when the sampler hangs. Nothing before the first.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> idle_for() const;

 private:
  struct Waiting {
    MonoTime oldest;
    Freshness freshness;
    Done done;
  };
  struct Watch {
    std::vector<std::uint64_t> serials;
    Done done;
  };
  struct Answer {
    inventory::Question question;
    Result<std::string> body;
  };

  SamplerLoop(const Clock& clock, std::chrono::nanoseconds interval, Done on_publish, Fetch fetch);
  void run(const std::stop_token& stop);
  // A regular tick is remembered and published; `planned` is when it was due.
  void tick(Freshness freshness, std::optional<MonoTime> planned);
  void sample_watched();
  void fetch_answers(const std::stop_token& stop);

  const Clock& clock_;
  const std::chrono::nanoseconds interval_;
  const Done on_publish_;
  Done on_sample_;
  const Fetch fetch_;
  std::unique_ptr<Sampler> sampler_;

  mutable std::mutex mutex_;  // Guards everything below down to the threads.
  std::condition_variable_any wake_;
  std::condition_variable_any questions_wake_;
  SnapshotPtr current_;
  SelfStats stats_;
  MonoTime last_end_;
  std::vector<Waiting> waiting_;
  std::shared_ptr<const Watch> watch_;                // Null: nothing is watched.
  std::optional<std::vector<std::uint64_t>> follow_;  // News for the sampler.
  std::deque<inventory::Question> questions_;
  std::vector<Answer> answers_;
  std::uint64_t late_ticks_ = 0;
  double lag_seconds_ = 0;

  std::jthread fetcher_;  // Joined before the sampler goes.
  std::jthread thread_;
};

}  // namespace plimsoll::exporter
