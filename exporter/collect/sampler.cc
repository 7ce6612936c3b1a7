#include "exporter/collect/sampler.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/read_file.h"
#include "exporter/collect/entry.h"
#include "exporter/collect/headroom.h"
#include "exporter/collect/payload.h"
#include "exporter/collect/side_tables.h"
#include "exporter/collect/snapshot_pool.h"
#include "exporter/collect/timed.h"
#include "exporter/collect/tombstones.h"

namespace plimsoll::exporter {

namespace {

using cgroupfs::Cgroup;
using cgroupfs::ReadOutcome;
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
        layout_(std::move(layout)) {
    for (const char* name : {"tree", "inventory", "reader", "network", "filesystem", "machine"}) {
      stats_.collectors.emplace_back().name = name;
    }
    stats_.interval_seconds = seconds_of(config_.interval);
  }

  Result<> start() {
    cgroupfs::TreeOptions tree = config_.tree;
    tree.boot = PLIMSOLL_TRY(boot_time());
    tree_ = PLIMSOLL_TRY(cgroupfs::CgroupTree::create(layout_, clock_, tree));
    reader_ = cgroupfs::make_text_reader(layout_, clock_, config_.reader);
    inventory_ = inventory::Inventory::create(roots_.proc, clock_, config_.inventory, config_.ask);
    if (enabled(cgroupfs::Group::kNetwork))
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
      Entry* const entry = find(serial);
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
      note(*watched[i], targets_[i], now, gone);
      rate(*watched[i], now, kShortestWatched);
    }
    for (const std::uint64_t serial : gone) drop(serial);
    return build(now, Rated::kAlready);
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
      if (Entry* entry = find(cgroup->serial)) entry->written = true;
    for (const Cgroup* cgroup : changes.changed) {
      if (Entry* entry = find(cgroup->serial))
        entry->written = true;
      else  // Dropped when one of its directories vanished, yet it lives on in another hierarchy.
        changes.added.push_back(cgroup);
    }
    if (!changes.added.empty()) {
      for (const Cgroup* cgroup : changes.added) {
        auto entry = std::make_unique<Entry>(*cgroup, now);
        by_serial_.emplace(cgroup->serial, entry.get());
        entries_.push_back(std::move(entry));
      }
      rows_since_ = sequence_ + 1;
      payloads_changed_ = true;
      // By path: a parent stands before its children, so that its memory.stat flushes the subtree
      // once.
      std::ranges::sort(entries_, {}, [](const auto& e) -> const std::string& { return e->path; });
      layers_changed_ = true;
    }
    slow_interval_ = slow_interval();
  }

  [[nodiscard]] nanoseconds slow_interval() const {
    using cgroupfs::Group;
    const bool moving =
        enabled(Group::kHugetlb) || enabled(Group::kMemoryNuma) || enabled(Group::kProcess);
    const bool watched = tree_->notification_fd() >= 0 && tree_->stats().watches_refused == 0;
    return moving || !watched ? config_.slow_interval_unwatched : config_.slow_interval;
  }

  Entry* find(std::uint64_t serial) {
    const auto it = by_serial_.find(serial);
    return it == by_serial_.end() ? nullptr : it->second;
  }

  void drop(std::uint64_t serial) {
    const auto it = by_serial_.find(serial);
    if (it == by_serial_.end()) return;
    Entry* entry = it->second;
    tombstones_->add(clock_.now(), *entry);
    reader_->forget(serial);
    inventory_->forget(serial);
    if (network_) network_->forget(serial);
    by_serial_.erase(it);
    std::erase_if(entries_, [&](const auto& e) { return e.get() == entry; });
    rows_since_ = sequence_ + 1;
    layers_changed_ = payloads_changed_ = true;
  }

  void identify() {
    const Timed timed(stats_.collectors[kInventory], clock_);
    for (const auto& entry : entries_) {
      inventory::IdentityPtr identity = inventory_->identify(*entry->cgroup);
      if (identity == entry->identity) continue;
      entry->identity = std::move(identity);
      entry->labels = labels_of(*entry->identity);
      entry->pid.reset();
      entry->changed = sequence_ + 1;
      rows_since_ = sequence_ + 1;
      layers_changed_ = payloads_changed_ = true;
    }
  }

  void read(MonoTime now, Freshness freshness) {
    const Timed timed(stats_.collectors[kReader], clock_);
    targets_.clear();
    counters_due_ = tombstones_->unlogged_kills();
    for (const auto& entry : entries_) targets_.push_back(target(*entry, now, freshness));
    reader_->read(targets_);
    std::vector<std::uint64_t> gone;
    for (std::size_t i = 0; i < targets_.size(); ++i) note(*entries_[i], targets_[i], now, gone);
    // The tree will report them removed too; until then they are not shown with old numbers.
    for (const std::uint64_t serial : gone) drop(serial);
  }

  // What came of reading one group.
  void note(Entry& entry, const cgroupfs::ReadTarget& target, MonoTime now,
            std::vector<std::uint64_t>& gone) const {
    entry.idle = target.outcome == ReadOutcome::kIdle;
    if (!entry.idle) entry.changed = sequence_ + 1;
    if (target.outcome == ReadOutcome::kGone)
      gone.push_back(entry.serial);
    else if (!entry.idle && target.full)
      entry.full_at = now;
    if (!entry.idle && target.due.has(Tier::kSlow)) entry.written = false;
  }

  [[nodiscard]] cgroupfs::ReadTarget target(Entry& entry, MonoTime now, Freshness freshness) const {
    cgroupfs::ReadTarget target;
    target.cgroup = entry.cgroup;
    target.sample = &entry.sample;
    target.due = TierSet().with(Tier::kHot);
    // Among what was written may be memory.events.
    if (freshness == Freshness::kFull || entry.written || counters_due_ ||
        due(entry, Tier::kWarm, now, config_.warm_interval))
      target.due = target.due.with(Tier::kWarm);
    if (freshness == Freshness::kFull || entry.written ||
        due(entry, Tier::kSlow, now, slow_interval_))
      target.due = target.due.with(Tier::kSlow);
    target.full = freshness != Freshness::kTick ||
                  now - entry.full_at >= config_.idle_refresh + entry.phase(config_.interval);
    return target;
  }

  // Groups seen together are spread over the ticks by their phase, so that no tick carries
  // everybody's slow files.
  [[nodiscard]] bool due(const Entry& entry, Tier tier, MonoTime now, nanoseconds interval) const {
    const auto last = entry.sample.read_at(tier);
    if (!last) return true;
    const nanoseconds first_wait = entry.settled(tier) ? nanoseconds(0) : entry.spread(interval);
    return now - *last >= interval - first_wait;
  }

  void collect_network(MonoTime now) {
    if (!network_) return;
    const Timed timed(stats_.collectors[kNetwork], clock_);
    network_targets_.clear();
    network_entries_.clear();
    for (const auto& entry : entries_) {
      if (!entry->identity->is_container() && entry->identity->runtime != inventory::Runtime::kRoot)
        continue;
      NetworkTarget target;
      target.serial = entry->serial;
      target.identity = entry->identity.get();
      target.pid = entry->process(layout_, now);
      network_targets_.push_back(std::move(target));
      network_entries_.push_back(entry.get());
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
      for (const auto& entry : entries_)
        if (!entry->identity->upper_dir.empty())
          layers.push_back({entry->serial, entry->identity->upper_dir, entry->identity->log_path});
      filesystem_->want(std::move(layers));
    }
    auto results = filesystem_->results();
    if (results == disk_) return;
    disk_ = std::move(results);
    for (const auto& entry : entries_) entry->changed = sequence_ + 1;
  }

  void refresh_machine(MonoTime now) {
    if (machine_ && now - machine_at_ < config_.machine_interval) return;
    CollectorStats& stats = stats_.collectors[kMachine];
    const Timed timed(stats, clock_);
    Result<MachineInfo> machine = read_machine(roots_.proc, roots_.sys, config_.host_root);
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

  // Called when nothing is dropped any more.
  void link_payloads() {
    if (!std::exchange(payloads_changed_, false)) return;
    constexpr auto kPath = [](const auto& e) -> std::string_view { return e->path; };
    for (const auto& entry : entries_) entry->payload = nullptr;
    for (const auto& entry : entries_) {
      const std::string_view container = container_of_payload(entry->path);
      if (container.empty()) continue;
      const auto above = std::ranges::lower_bound(entries_, container, {}, kPath);
      if (above != entries_.end() && (*above)->path == container &&
          (*above)->identity->is_container())
        (*above)->payload = entry.get();
    }
  }

  enum class Rated : std::uint8_t { kNow, kAlready };

  void rate(Entry& entry, MonoTime now, nanoseconds shortest) const {
    if (entry.update_rates(now, shortest) == Entry::Change::kSome) entry.changed = sequence_ + 1;
  }

  SnapshotPtr build(MonoTime now, Rated rated) {
    link_payloads();
    if (rated == Rated::kNow)
      for (const auto& entry : entries_) rate(*entry, now, config_.interval / 2);
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->sequence = ++sequence_;
    snapshot->taken = now;
    snapshot->wall = clock_.wall();
    snapshot->machine = machine_;
    if (enabled(cgroupfs::Group::kDiskIo))
      block_devices_ = refresh_block_devices(roots_.proc, std::move(block_devices_));
    snapshot->block_devices = block_devices_;
    fill_rows(*snapshot);
    // Events stand in the snapshots of ticks, which everybody sees.
    std::ranges::move(std::exchange(snapshot->ooms, {}), std::back_inserter(held_ooms_));
    if (rated == Rated::kNow) snapshot->ooms = std::exchange(held_ooms_, {});
    last_ = pool_.publish(std::move(snapshot));
    return last_;
  }

  // Of a thousand groups few change from tick to tick. A row that did not is still right in the
  // columns of an older snapshot, and its repeated values are copied from the last one, where they
  // stand together.
  void fill_rows(Snapshot& snapshot) {
    const std::unique_ptr<Snapshot> old = pool_.take();
    std::uint64_t filled_at = 0;
    if (old->sequence >= rows_since_ && old->rows.size() == entries_.size()) {
      filled_at = old->sequence;
      snapshot.renew(std::move(*old));
    } else {
      snapshot.reserve(entries_.size());
      snapshot.rows.resize(entries_.size());
      snapshot.rates.resize(entries_.size());
      snapshot.changed.resize(entries_.size());
    }
    snapshot.rows_since = rows_since_;
    const bool follows = last_ && last_->sequence >= rows_since_;
    const std::int64_t wall_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(snapshot.wall.time_since_epoch()).count();
    for (std::size_t row = 0; row < entries_.size(); ++row) {
      Entry& entry = *entries_[row];
      entry.last_seen_seconds = wall_seconds;
      if (entry.payload != nullptr) entry.changed = std::max(entry.changed, entry.payload->changed);
      if (entry.changed > filled_at) {
        snapshot.rows[row] = entry.row();
        snapshot.rates[row] = entry.rates;
        snapshot.changed[row] = entry.changed;
        set_numbers(snapshot, row, entry);
        set_layer_fields(snapshot, row, entry, disk_.get());
        set_wide_columns(snapshot, row, entry.sample, config_.reader.groups);
      }
      snapshot.rows[row].last_seen_seconds = wall_seconds;
      if (follows && entry.changed < sequence_)
        snapshot.append_side_rows(*last_, row);
      else
        append_side_tables(snapshot, entry, config_.reader.groups, disk_.get());
    }
    if (std::exchange(parents_since_, rows_since_) != rows_since_)
      parents_ = parents_of(snapshot.rows);
    fill_headroom(snapshot, parents_);
    const auto sample_of = [this](std::size_t row) -> const cgroupfs::CgroupSample& {
      return entries_[row]->sample;
    };
    for (const std::size_t row : tombstones_->update(snapshot, parents_, sample_of))
      entries_[row]->written = true;
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

  std::vector<std::unique_ptr<Entry>> entries_;  // Sorted by path.
  std::unordered_map<std::uint64_t, Entry*> by_serial_;
  std::optional<Tombstones> tombstones_;
  std::vector<OomEvent> held_ooms_;            // Seen between two ticks.
  std::vector<cgroupfs::ReadTarget> targets_;  // Kept between ticks for their memory.
  std::vector<NetworkTarget> network_targets_;
  std::vector<Entry*> network_entries_;
  std::shared_ptr<const FilesystemCollector::Results> disk_;
  std::shared_ptr<const MachineInfo> machine_;
  BlockDevicesPtr block_devices_;
  MonoTime machine_at_;
  nanoseconds slow_interval_{};
  bool layers_changed_ = true;
  bool payloads_changed_ = true;
  bool counters_due_ = false;  // Somebody was killed: this tick reads everybody's counters.
  std::uint64_t sequence_ = 0;
  std::uint64_t rows_since_ = 1;        // Snapshot::rows_since of the next snapshot.
  std::vector<std::uint32_t> parents_;  // Per entry ...
  std::uint64_t parents_since_ = 0;     // ... of the snapshots since then.
  SnapshotPool pool_;
  SnapshotPtr last_;
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
