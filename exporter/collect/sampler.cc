#include "exporter/collect/sampler.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "base/read_file.h"
#include "exporter/collect/entries.h"
#include "exporter/collect/group_collectors.h"
#include "exporter/collect/payload.h"
#include "exporter/collect/reading.h"
#include "exporter/collect/snapshot_filler.h"
#include "exporter/collect/timed.h"
#include "exporter/collect/tombstones.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Cgroup;
using cgroupfs::Tier;
using cgroupfs::TierSet;
using std::chrono::nanoseconds;

// Rates of watched groups are of a tenth of a second.
constexpr std::chrono::milliseconds kShortestWatched(50);

enum Collector : std::uint8_t { kTree, kInventory, kReader, kNetwork, kFilesystem, kMachine };

class SamplerImpl final : public Sampler {
 public:
  SamplerImpl(SamplerConfig config, const Clock& clock, HostRoots roots, cgroupfs::Layout layout)
      : config_(std::move(config)),
        clock_(clock),
        roots_(std::move(roots)),
        layout_(std::move(layout)),
        filler_(config_.reader.groups) {
    for (const char* name : {"tree", "inventory", "reader", "network", "filesystem", "machine"}) {
      stats_.collectors.emplace_back().name = name;
    }
    stats_.interval_seconds = seconds_of(config_.interval);
  }

  Result<> start() {
    cgroupfs::TreeOptions tree = config_.tree;
    tree.boot = PLIMSOLL_TRY(boot_time());
    tree_ = PLIMSOLL_TRY(cgroupfs::CgroupTree::create(layout_, clock_, tree));
    cgroupfs::ReaderOptions reader = config_.reader;
    if (std::thread::hardware_concurrency() < 2) reader.two_threads_from = 0;
    reader_ = cgroupfs::make_text_reader(layout_, clock_, reader);
    inventory_ = inventory::Inventory::create(roots_.proc, clock_, config_.inventory, config_.ask);
    groups_ =
        PLIMSOLL_TRY(GroupCollectors::create(roots_, layout_, clock_,
                                             {config_.reader.groups, config_.tasks, config_.perf,
                                              config_.resctrl_interval, config_.warm_interval}));
    if (enabled(cgroupfs::Group::kNetwork) || GroupCollectors::needs_network(config_.reader.groups))
      network_ = NetworkCollector::create(roots_.proc, clock_);
    if (enabled(cgroupfs::Group::kDisk))
      filesystem_ =
          FilesystemCollector::create(roots_.proc, roots_.sys, clock_, config_.filesystem);
    tombstones_.emplace(
        config_.tombstone, *inventory_,
        [this](const inventory::Identity& identity) { return labels_of(identity); });
    if (enabled(cgroupfs::Group::kOomEvent))
      tombstones_->follow_ooms(roots_.proc, clock_, config_.kernel_log);
    if (config_.keep_histograms) histograms_ = std::make_unique<UsageHistograms>();
    if (config_.keep_history) history_ = History::create(config_.history);
    return {};
  }

  SnapshotPtr sample(Freshness freshness) override {
    const MonoTime now = clock_.now();
    follow_tree(now);
    identify();
    read(now, freshness);
    collect_network(now);
    groups_->collect(shown_, now, sequence_ + 1);
    want_layers();
    refresh_machine(now);
    ++stats_.ticks;
    return build(now, Rated::kNow);
  }

  SnapshotPtr sample_watched(std::span<const std::uint64_t> serials) override {
    const MonoTime now = clock_.now();
    targets_.clear();
    std::vector<Entry*> watched;
    for (const std::uint64_t serial : serials) {
      Entry* const entry = entries_.find(serial);
      if (entry == nullptr || !entry->sample.read_at(Tier::kHot)) continue;
      watched.push_back(entry);
      cgroupfs::ReadTarget& target = targets_.emplace_back();
      target.cgroup = entry->cgroup;
      target.sample = &entry->sample;
      target.due = TierSet().with(Tier::kHot);
    }
    reader_->read(targets_);
    std::vector<std::uint64_t> gone;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (!note_outcome(*watched[i], targets_[i], now, sequence_ + 1))
        gone.push_back(watched[i]->serial);
      rate(*watched[i], now, kShortestWatched);
    }
    for (const std::uint64_t serial : gone) drop(serial);
    return build(now, Rated::kAlready);
  }

  void follow(std::span<const std::uint64_t> serials) override {
    for (const auto& entry : entries_.all()) entry->followed = false;
    followed_.assign(serials.begin(), serials.end());
    mark_followed();
  }

  void remember(const Snapshot& snapshot) override {
    if (history_) history_->append(snapshot);
    if (histograms_) histograms_->append(snapshot);
  }

  void answer(const inventory::Question& question, const Result<std::string>& body) override {
    inventory_->answer(question, body);
  }

  [[nodiscard]] SelfStats stats() const override {
    SelfStats stats = stats_;
    stats.tree = tree_->stats();
    stats.reader = reader_->stats();
    stats.inventory = inventory_->stats();
    if (network_) stats.network = network_->stats();
    if (filesystem_) stats.filesystem = filesystem_->stats();
    if (history_) stats.history = history_->stats();
    stats.oom = tombstones_->oom_stats();
    groups_->add_stats(stats);
    return stats;
  }

  [[nodiscard]] const cgroupfs::Layout& layout() const override { return layout_; }
  [[nodiscard]] const DirFd& proc() const override { return roots_.proc; }
  [[nodiscard]] const History* history() const override { return history_.get(); }
  [[nodiscard]] const UsageHistograms* histograms() const override { return histograms_.get(); }

 private:
  // Recorded hosts have no PROC/stat; then no group is held to be younger than it looks.
  [[nodiscard]] Result<WallTime> boot_time() const {
    const Result<std::string> stat = read_file_at(roots_.proc, "stat");
    const Result<WallTime> boot =
        stat ? cgroupfs::parse_boot_time(*stat) : Result<WallTime>(std::unexpected(stat.error()));
    if (!boot && boot.error().kind == ErrorKind::kNotOffered) return WallTime{};
    return in(config_.proc_root, boot);
  }

  [[nodiscard]] bool enabled(cgroupfs::Group group) const {
    return config_.reader.groups.has(group);
  }

  void follow_tree(MonoTime now) {
    const Timed timed(stats_.collectors[kTree], clock_);
    cgroupfs::TreeChanges changes = tree_->update();
    for (const auto& gone : changes.removed) drop(gone->serial);
    for (const Cgroup* cgroup : changes.written)
      if (Entry* entry = entries_.find(cgroup->serial)) entry->written = true;
    for (const Cgroup* cgroup : changes.changed) {
      if (Entry* entry = entries_.find(cgroup->serial))
        entry->written = true;
      else  // Dropped when one of its directories vanished, yet it lives on in another hierarchy.
        changes.added.push_back(cgroup);
    }
    if (changes.added.empty()) return;
    entries_.add(changes.added, now);
    mark_followed();
    rows_changed();
  }

  void mark_followed() {
    for (const std::uint64_t serial : followed_)
      if (Entry* const entry = entries_.find(serial)) entry->followed = true;
  }

  void rows_changed() {
    rows_since_ = sequence_ + 1;
    layers_changed_ = true;
  }

  void drop(std::uint64_t serial) {
    Entry* const entry = entries_.find(serial);
    if (entry == nullptr) return;
    tombstones_->add(clock_.now(), *entry);
    reader_->forget(serial);
    inventory_->forget(serial);
    if (network_) network_->forget(serial);
    std::erase(shown_, entry);
    std::erase(read_, entry);
    entries_.erase(serial);
    rows_changed();
  }

  void identify() {
    const Timed timed(stats_.collectors[kInventory], clock_);
    for (const auto& entry : entries_.all()) {
      inventory::IdentityPtr identity = inventory_->identify(*entry->cgroup);
      if (identity == entry->identity) continue;
      entry->identity = std::move(identity);
      entry->labels = labels_of(*entry->identity);
      entry->pid.reset();
      entry->changed = sequence_ + 1;
      entries_.identified();
      rows_changed();
    }
    if (rows_since_ <= sequence_) return;
    choose();
  }

  void choose() {
    shown_.clear();
    read_.clear();
    for (const auto& entry : entries_.all()) {
      const bool shown = config_.scope.has(*entry->identity);
      if (shown) shown_.push_back(entry.get());
      // A container's limits may stand in a group that has no row.
      if (shown || !container_of_payload(entry->path).empty()) read_.push_back(entry.get());
    }
  }

  void read(MonoTime now, Freshness freshness) {
    const Timed timed(stats_.collectors[kReader], clock_);
    Reading reading{.now = now, .freshness = freshness};
    set_slow_intervals(reading, config_, *tree_);
    if (tombstones_->unlogged_kills()) reading.oom_counters = Reading::OomCounters::kNow;
    targets_.clear();
    for (Entry* entry : read_) targets_.push_back(target_for(*entry, reading, config_));
    reader_->read(targets_);
    std::vector<std::uint64_t> gone;
    for (std::size_t i = 0; i < targets_.size(); ++i)
      if (!note_outcome(*read_[i], targets_[i], now, sequence_ + 1))
        gone.push_back(read_[i]->serial);
    // The tree will report them removed too; until then they are not shown with old numbers.
    for (const std::uint64_t serial : gone) drop(serial);
  }

  void collect_network(MonoTime now) {
    if (!network_) return;
    const Timed timed(stats_.collectors[kNetwork], clock_);
    network_targets_.clear();
    network_entries_.clear();
    for (Entry* entry : shown_) {
      if (!entry->identity->is_container() && entry->identity->runtime != inventory::Runtime::kRoot)
        continue;
      NetworkTarget target;
      target.serial = entry->serial;
      target.identity = entry->identity.get();
      target.pid = entry->process(layout_, now);
      network_targets_.push_back(std::move(target));
      network_entries_.push_back(entry);
    }
    network_->collect(network_targets_);
    for (std::size_t i = 0; i < network_targets_.size(); ++i)
      if (network_entries_[i]->set_network(std::move(network_targets_[i])) == Entry::Change::kSome)
        network_entries_[i]->changed = sequence_ + 1;
    stats_.collectors[kNetwork].success = true;
  }

  void want_layers() {
    if (!filesystem_) return;
    const Timed timed(stats_.collectors[kFilesystem], clock_);
    if (std::exchange(layers_changed_, false)) {
      std::vector<LayerRequest> layers;
      for (const Entry* entry : shown_)
        if (!entry->identity->upper_dir.empty())
          layers.push_back({entry->serial, entry->identity->upper_dir, entry->identity->log_path});
      filesystem_->want(std::move(layers));
    }
    auto results = filesystem_->results();
    if (results == disk_) return;
    disk_ = std::move(results);
    for (Entry* entry : shown_) entry->changed = sequence_ + 1;
  }

  void refresh_machine(MonoTime now) {
    if (machine_ && now - machine_at_ < config_.machine_interval) return;
    CollectorStats& stats = stats_.collectors[kMachine];
    const Timed timed(stats, clock_);
    Result<MachineInfo> machine = read_machine(
        roots_.proc, roots_.sys,
        {config_.host_root, config_.machine_files, enabled(cgroupfs::Group::kCpuTopology)});
    machine_at_ = now;
    stats.success = machine.has_value();
    if (machine) {
      machine_ = std::make_shared<const MachineInfo>(*std::move(machine));
    } else {
      ++stats.failures;
      stats.last_error = machine.error().message();
      if (!machine_) machine_ = std::make_shared<const MachineInfo>();
    }
  }

  enum class Rated : std::uint8_t { kNow, kAlready };

  void rate(Entry& entry, MonoTime now, nanoseconds shortest) const {
    if (entry.update_rates(now, shortest) == Entry::Change::kSome) entry.changed = sequence_ + 1;
  }

  SnapshotPtr build(MonoTime now, Rated rated) {
    entries_.link_payloads();  // Nothing is dropped any more.
    if (rated == Rated::kNow)
      for (Entry* entry : read_) rate(*entry, now, config_.interval / 2);
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->sequence = ++sequence_;
    snapshot->taken = now;
    snapshot->wall = clock_.wall();
    snapshot->machine = machine_;
    if (enabled(cgroupfs::Group::kDiskIo))
      block_devices_ = refresh_block_devices(roots_.proc, std::move(block_devices_));
    snapshot->block_devices = block_devices_;
    snapshot->rows_since = rows_since_;
    filler_.fill(*snapshot, shown_, {disk_.get(), *groups_}, *tombstones_);
    groups_->fill_host(*snapshot);
    // Events stand in the snapshots of ticks, which everybody sees.
    std::ranges::move(std::exchange(snapshot->ooms, {}), std::back_inserter(held_ooms_));
    if (rated == Rated::kNow) snapshot->ooms = std::exchange(held_ooms_, {});
    return filler_.publish(std::move(snapshot));
  }

  [[nodiscard]] std::shared_ptr<const std::string> labels_of(const inventory::Identity& identity) {
    return std::make_shared<const std::string>(
        config_.render_labels(identity, stats_.label_collisions));
  }

  const SamplerConfig config_;
  const Clock& clock_;
  const HostRoots roots_;
  const cgroupfs::Layout layout_;
  std::unique_ptr<cgroupfs::CgroupTree> tree_;
  std::unique_ptr<cgroupfs::CgroupReader> reader_;
  std::unique_ptr<inventory::Inventory> inventory_;
  std::unique_ptr<NetworkCollector> network_;
  std::unique_ptr<FilesystemCollector> filesystem_;
  std::unique_ptr<History> history_;
  std::unique_ptr<UsageHistograms> histograms_;
  std::unique_ptr<GroupCollectors> groups_;

  Entries entries_;
  std::vector<Entry*> shown_;  // Those of them with a row, as of identify().
  std::vector<std::uint64_t> followed_;
  std::vector<Entry*> read_;  // These, and groups that may hold a container's limits.
  std::optional<Tombstones> tombstones_;
  std::vector<OomEvent> held_ooms_;            // Seen between two ticks.
  std::vector<cgroupfs::ReadTarget> targets_;  // Kept between ticks for their memory.
  std::vector<NetworkTarget> network_targets_;
  std::vector<Entry*> network_entries_;
  std::shared_ptr<const FilesystemCollector::Results> disk_;
  std::shared_ptr<const MachineInfo> machine_;
  BlockDevicesPtr block_devices_;
  MonoTime machine_at_;
  bool layers_changed_ = true;
  std::uint64_t sequence_ = 0;
  std::uint64_t rows_since_ = 1;  // Snapshot::rows_since of the next snapshot.
  SnapshotFiller filler_;
  SelfStats stats_;
};

}  // namespace

Result<std::unique_ptr<Sampler>> Sampler::create(SamplerConfig config, const Clock& clock) {
  PLIMSOLL_CHECK(config.render_labels != nullptr);
  HostRoots roots = PLIMSOLL_TRY(
      open_roots(config.cgroup_root.c_str(), config.proc_root.c_str(), config.sys_root.c_str()));
  const std::string mountinfo =
      PLIMSOLL_TRY(in(config.proc_root, read_file_at(roots.proc, "self/mountinfo")));
  cgroupfs::Layout layout =
      PLIMSOLL_TRY(cgroupfs::open_layout(mountinfo, roots.cgroup, config.nominal_cgroup_root));
  auto sampler =
      std::make_unique<SamplerImpl>(std::move(config), clock, std::move(roots), std::move(layout));
  PLIMSOLL_TRY(sampler->start());
  return sampler;
}

}  // namespace plimsoll::exporter
