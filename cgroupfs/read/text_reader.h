// The text backend: control files read with pread, the hottest held open, the rest opened relative
// to the group's directory, which is opened for the occasion and proven to be the group's by its
// inode. Internal to this folder; others use make_text_reader().
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <unordered_map>
#include <vector>

#include "cgroupfs/read/hugetlb_reader.h"
#include "cgroupfs/read/plan.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/read/record_buffer.h"

namespace plimsoll::cgroupfs {

// An idle group's memory usage is looked at every so many visits.
inline constexpr std::uint32_t kIdleMemoryEvery = 4;

// What the reader remembers of one cgroup. In order of use: an idle group's visit needs the first
// cache line only.
struct GroupState {
  // Cgroup::revision at the last visit: tells that the group left or joined a hierarchy.
  std::optional<std::uint64_t> revision;
  // Fingerprints of the idle test's files as last read.
  std::array<std::uint64_t, kMaxIdleTest> seen{};
  // Visits since an idle group's memory usage was looked at.
  std::uint32_t visits = 0;
  bool io_source_changed = false;
  // When its hot files were last read without a shortcut; the idle test compares with that.
  MonoTime hot_at;
  std::array<Fd, kMaxHot> held;
  // Files this group does not offer, by PlannedFile::bit, and when to look again. On v2 they differ
  // from group to group (the parent's cgroup.subtree_control), on v1 hardly.
  std::uint64_t absent = 0;
  MonoTime probe_at;
};

class TextReader final : public CgroupReader {
 public:
  TextReader(const Layout& layout, const Clock& clock, ReaderOptions options);
  void read(std::span<ReadTarget> targets) override;
  void forget(std::uint64_t serial) override;
  [[nodiscard]] ReaderStats stats() const override;

 private:
  // One group during one read().
  struct Visit {
    ReadTarget& target;
    GroupState& state;
    MonoTime at;
    std::bitset<kMaxHierarchies> opened;  // In dirs_.
    std::bitset<kMaxHierarchies> proven;  // Still there after a file was not.
    std::optional<bool> lives_elsewhere;
    bool moved = true;  // Did a file of the idle test change? Assumed until the test is made.
  };
  // Whether reading of the group may go on.
  enum class Still : std::uint8_t { kThere, kGone };

  // text_reader.cc: plan and budget.
  void replan(MonoTime now);
  void adjust_budget(std::size_t groups, MonoTime now);
  void hold_at_most(std::size_t per_cgroup);
  bool relieve(MonoTime now);
  void release(GroupState& state);
  GroupState& state_of(const Cgroup& cgroup, std::size_t place);

  // text_reader_group.cc: one group.
  ReadOutcome visit_group(ReadTarget& target, GroupState& state);
  ReadOutcome read_group(Visit& visit);
  void notice_changes(Visit& visit);
  std::optional<ReadOutcome> read_hot(Visit& visit);
  [[nodiscard]] bool may_be_idle(const Visit& visit) const;
  [[nodiscard]] std::size_t idle_files(Visit& visit) const;
  [[nodiscard]] static bool at_rest(const Visit& visit, const FileSpec& spec);
  void let_go(Fd& held);
  [[nodiscard]] Still read_tier(Visit& visit, Tier tier);
  [[nodiscard]] Still read_hugetlb(Visit& visit);
  [[nodiscard]] Still read_file(Visit& visit, const PlannedFile& file,
                                std::optional<std::size_t> rank);
  Result<std::string_view> text_of(Visit& visit, const PlannedFile& file,
                                   std::optional<std::size_t> rank);
  Result<Fd> open_file(Visit& visit, const PlannedFile& file);
  Result<> open_directory(Visit& visit, std::size_t hierarchy);
  [[nodiscard]] Still refused(Visit& visit, const PlannedFile& file, const Error& error);
  [[nodiscard]] bool lives_in(const Visit& visit, std::size_t hierarchy) const;
  [[nodiscard]] Still lost(Visit& visit);
  void mark_absent(Visit& visit, const PlannedFile& file);

  const Layout& layout_;
  const Clock& clock_;
  const ReaderOptions options_;
  PutContext context_;
  RecordBuffer buffer_;
  // The visited group's directories, opened when first needed.
  std::array<DirFd, kMaxHierarchies> dirs_;

  std::optional<Blkio> blkio_ = Blkio::kThrottleRecursive;
  Plan plan_;
  MonoTime replan_at_;
  HugetlbReader hugetlb_;

  std::unordered_map<std::uint64_t, GroupState> groups_;
  // Where the state of the last read()'s n-th target is: mostly it is the n-th again, and a look
  // here is one cache line for four groups where the map takes two for one.
  struct Known {
    std::uint64_t serial = 0;
    GroupState* state = nullptr;
  };
  std::vector<Known> known_;
  // v1's files that were missing where a group was, [0] of groups, [1] of the root: a new group is
  // not asked for them again.
  std::array<std::uint64_t, 2> missing_v1_{};

  std::optional<std::size_t> per_cgroup_;  // Hot files held; nothing before the first read().
  std::size_t held_ = 0;
  // Lower than options_.max_held for a while after the process ran out of descriptors.
  std::size_t max_held_;
  MonoTime relieved_until_;

  ReaderStats stats_;
};

}  // namespace plimsoll::cgroupfs
