#include <thread>
#include <vector>

#include "agent/exporter_command.h"
#include "agent/stats/snapshot_rows.h"
#include "agent/stats/source.h"

namespace plimsoll::agent {

namespace {

// Rates need two readings: short enough not to be felt, long enough for a steady percentage.
constexpr std::chrono::milliseconds kFirstPause(250);

// All that moves is in the table. Limits are read when somebody writes one, and now and then.
constexpr std::chrono::nanoseconds kEachTime(1);

// What the table can show; the writable layers' sizes would need long directory walks.
cgroupfs::GroupSet stats_groups() {
  using cgroupfs::Group;
  cgroupfs::GroupSet groups;
  for (const Group group : {Group::kAlways, Group::kCpu, Group::kMemory, Group::kNetwork,
                            Group::kDiskIo, Group::kOomEvent, Group::kPressure})
    groups.set(group);
  return groups;
}

class SamplerSource final : public StatsSource {
 public:
  SamplerSource(const Clock& clock, SourceOptions options) : clock_(clock), options_(options) {}

  Result<> start(exporter::SamplerConfig config) {
    config.interval = kFirstPause;
    config.keep_history = false;
    config.warm_interval = kEachTime;
    config.reader.groups = stats_groups();
    config.reader.max_held = std::min(config.reader.max_held, held_file_budget(0));
    config.render_labels = [](const inventory::Identity&, std::uint64_t&) { return std::string(); };
    config.ask = [this](inventory::Question question) {
      questions_.push_back(std::move(question));
    };
    sampler_ = PLIMSOLL_TRY(exporter::Sampler::create(std::move(config), clock_));
    return {};
  }

  Result<> run(const std::function<bool(StatsFrame)>& on_frame) override {
    MonoTime next = clock_.now() + kFirstPause;
    static_cast<void>(sampler_->sample(exporter::Freshness::kFull));
    // While the first interval passes: names that only a runtime's socket tells.
    answer_questions();
    for (;;) {
      std::this_thread::sleep_until(next);
      next = std::max(next + options_.interval, clock_.now());
      const exporter::SnapshotPtr snapshot = sampler_->sample(exporter::Freshness::kScrape);
      if (!on_frame(selected(frame_of(*snapshot))) || options_.once) return {};
      answer_questions();
    }
  }

 private:
  void answer_questions() {
    for (const inventory::Question& question : std::exchange(questions_, {}))
      sampler_->answer(question, ask_runtime(question));
  }

  [[nodiscard]] StatsFrame selected(StatsFrame frame) const {
    if (!options_.all_cgroups)
      std::erase_if(frame.rows, [](const StatsRow& row) { return !row.is_container; });
    return frame;
  }

  const Clock& clock_;
  const SourceOptions options_;
  std::vector<inventory::Question> questions_;
  std::unique_ptr<exporter::Sampler> sampler_;  // Last: it calls back into questions_.
};

}  // namespace

Result<std::unique_ptr<StatsSource>> make_sampler_source(exporter::SamplerConfig config,
                                                         const Clock& clock,
                                                         SourceOptions options) {
  auto source = std::make_unique<SamplerSource>(clock, options);
  PLIMSOLL_TRY(source->start(std::move(config)));
  return std::unique_ptr<StatsSource>(std::move(source));
}

}  // namespace plimsoll::agent
