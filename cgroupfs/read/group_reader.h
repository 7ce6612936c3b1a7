// Reads one group after the other: what one thread of the text reader does. Each thread has one of
// its own; no two of them visit the same group at a time. Internal to this folder.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cgroupfs/read/group_state.h"
#include "cgroupfs/read/hugetlb_reader.h"
#include "cgroupfs/read/plan.h"
#include "cgroupfs/read/reader.h"
#include "cgroupfs/read/record_buffer.h"

namespace plimsoll::cgroupfs {

// The text reader's, for its group readers: changed between the visits only, but for `held`.
struct ReadingRules {
  ReadingRules(const Layout& host, const Clock& time, const ReaderOptions& chosen);

  const Layout& layout;
  const Clock& clock;
  const ReaderOptions options;
  const PutContext context;
  Plan plan;
  std::size_t per_cgroup = 0;  // Files that each group may hold open ...
  std::size_t max_held = 0;    // ... and all groups together.
  std::atomic<std::size_t> held = 0;
};

class GroupReader {
 public:
  explicit GroupReader(ReadingRules& rules);

  // What to do when the process is out of descriptors: stop in the middle, so that the caller can
  // give some back and come again, or go on without the files that could not be opened.
  enum class Shortage : std::uint8_t { kStop, kGoOn };
  // The first visit, or one after a visit that stopped: then nothing is taken for unchanged.
  enum class Attempt : std::uint8_t { kFirst, kAgain };
  // Nothing: out of descriptors. The sample's stamps are as they were.
  [[nodiscard]] std::optional<ReadOutcome> visit(ReadTarget& target, GroupState& state,
                                                 Shortage shortage, Attempt attempt);
  // Instead of a visit: whether `target` is idle because a group above it is still, which counts
  // its CPU usage, too, and was read a moment ago. Then the outcome and usage_at() are set.
  [[nodiscard]] bool rests_under(const ReadTarget& above, const GroupState& state_above,
                                 ReadTarget& target, GroupState& state);
  // Whoever holds files of a group gives them back by this.
  void let_go(Fd& held) const;
  void release(GroupState& state) const;
  // Leaves the group `files` at most: hot ones of the first ranks, and warm ones if that is fewer.
  void hold_at_most(GroupState& state, std::size_t files) const;
  // Files that v1 groups lack are asked for again.
  void forget_missing() { missing_v1_ = {}; }
  // Of its own visits.
  [[nodiscard]] const ReaderStats& stats() const { return stats_; }

 private:
  // One group during one read().
  struct Visit {
    ReadTarget& target;
    GroupState& state;
    MonoTime at;
    Shortage shortage{};
    Attempt attempt{};
    std::bitset<kMaxHierarchies> opened;  // In dirs_.
    std::bitset<kMaxHierarchies> proven;  // Still there after a file was not.
    std::optional<bool> lives_elsewhere;
    bool moved = true;  // Did a file of the idle test change? Assumed until the test is made.
  };
  // Whether reading of the group may go on.
  enum class Still : std::uint8_t { kThere, kGone, kShort };

  [[nodiscard]] std::optional<ReadOutcome> read_group(Visit& visit);
  void notice_changes(Visit& visit);
  // Whether the group needs further reading.
  enum class Hot : std::uint8_t { kRead, kIdle, kGone, kShort };
  [[nodiscard]] Hot read_hot(Visit& visit);
  [[nodiscard]] bool may_be_idle(const ReadTarget& target, const GroupState& state) const;
  [[nodiscard]] std::size_t idle_files(Visit& visit) const;
  [[nodiscard]] static bool stands_still(const Visit& visit, const FileSpec& spec);
  [[nodiscard]] static bool at_rest(const Visit& visit, const FileSpec& spec);
  [[nodiscard]] Still read_tier(Visit& visit, Tier tier);
  [[nodiscard]] Still read_hugetlb(Visit& visit);
  [[nodiscard]] Still read_file(Visit& visit, const PlannedFile& file);
  Result<std::string_view> text_of(Visit& visit, const PlannedFile& file);
  void let_spares_go(GroupState& state, std::size_t files) const;
  void hold(GroupState& state, std::size_t slot, Fd file) const;
  Result<Fd> open_file(Visit& visit, const PlannedFile& file);
  Result<> open_directory(Visit& visit, std::size_t hierarchy);
  [[nodiscard]] Still refused(Visit& visit, const PlannedFile& file, const Error& error);
  [[nodiscard]] bool lives_in(const Visit& visit, std::size_t hierarchy) const;
  [[nodiscard]] Still lost(Visit& visit);
  void mark_absent(Visit& visit, const PlannedFile& file);

  ReadingRules& rules_;
  RecordBuffer buffer_;
  HugetlbReader hugetlb_;
  // The visited group's directories, opened when first needed.
  std::array<DirFd, kMaxHierarchies> dirs_;
  // v1's files that were missing where a group was, [0] of groups, [1] of the root: a new group is
  // not asked for them again.
  std::array<std::uint64_t, 2> missing_v1_{};
  ReaderStats stats_;
};

}  // namespace plimsoll::cgroupfs
