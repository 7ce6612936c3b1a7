#include "cgroupfs/read/group_reader.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cgroupfs/read/fingerprint.h"
#include "cgroupfs/read/put_io.h"
#include "cgroupfs/read/put_memory.h"

namespace plimsoll::cgroupfs {

namespace {

// How long a file that a group did not offer, or that we may not read, is left alone.
constexpr std::chrono::seconds kProbeInterval(60);

std::uint64_t bit(const PlannedFile& file) {
  return std::uint64_t{1} << file.bit;
}

PutContext context_of_this_kernel() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  PutContext context;
  if (ticks > 0) context.ticks_per_second = static_cast<std::uint64_t>(ticks);
  if (page_size > 0) context.page_size = static_cast<std::uint64_t>(page_size);
  return context;
}

int hugetlb_version(const Layout& layout) {
  const auto hierarchy = layout.of(Controller::kHugetlb);
  return hierarchy ? layout.hierarchies[*hierarchy].version : 2;
}

std::size_t held_by(const GroupState& state) {
  return static_cast<std::size_t>(
      std::ranges::count_if(state.held, [](const Fd& fd) { return static_cast<bool>(fd); }));
}

bool out_of_descriptors(const Error& error) {
  return error.os_error == EMFILE || error.os_error == ENFILE;
}

}  // namespace

ReadingRules::ReadingRules(const Layout& host, const Clock& time, const ReaderOptions& chosen)
    : layout(host), clock(time), options(chosen), context(context_of_this_kernel()) {}

GroupReader::GroupReader(ReadingRules& rules)
    : rules_(rules), hugetlb_(hugetlb_version(rules.layout)) {}

std::optional<ReadOutcome> GroupReader::visit(ReadTarget& target, GroupState& state,
                                              Shortage shortage, Attempt attempt) {
  Visit visit{.target = target,
              .state = state,
              .at = rules_.clock.now(),
              .shortage = shortage,
              .attempt = attempt,
              .opened = {},
              .proven = {},
              .lives_elsewhere = {}};
  const std::optional<ReadOutcome> outcome = read_group(visit);
  for (std::size_t h = 0; visit.opened.any(); ++h) {
    if (visit.opened.test(h)) dirs_[h].reset();
    visit.opened.reset(h);
  }
  return outcome;
}

void GroupReader::let_go(Fd& held) const {
  if (!held) return;
  held.reset();
  --rules_.held;
}

void GroupReader::release(GroupState& state) const {
  for (Fd& fd : state.held) let_go(fd);
}

void GroupReader::hold_at_most(GroupState& state, std::size_t files) const {
  for (std::size_t rank = files; rank < kMaxHot; ++rank) let_go(state.held[rank]);
  let_spares_go(state, files);
}

// Warm files only, until the group holds `files` or no warm one is left.
void GroupReader::let_spares_go(GroupState& state, std::size_t files) const {
  for (std::size_t slot = kMaxHeld; slot > kMaxHot && held_by(state) > files; --slot)
    let_go(state.held[slot - 1]);
}

// A hot file takes the descriptor of a warm one, if need be, and never the other way round. Counts
// it: another thread may want the last one at the same time.
void GroupReader::hold(GroupState& state, std::size_t slot, Fd file) const {
  if (slot < kMaxHot) {
    if (slot >= rules_.per_cgroup) return;
    let_spares_go(state, rules_.per_cgroup - 1);
  }
  if (held_by(state) >= rules_.per_cgroup) return;
  if (rules_.held++ < rules_.max_held)
    state.held[slot] = std::move(file);
  else
    --rules_.held;
}

std::optional<ReadOutcome> GroupReader::read_group(Visit& visit) {
  notice_changes(visit);
  if (visit.target.due.has(Tier::kHot)) {
    switch (read_hot(visit)) {
      case Hot::kRead:
        break;
      case Hot::kIdle:
        ++stats_.idle;
        return ReadOutcome::kIdle;
      case Hot::kGone:
        return ReadOutcome::kGone;
      case Hot::kShort:
        return std::nullopt;
    }
  }
  for (const Tier tier : {Tier::kWarm, Tier::kSlow}) {
    if (!visit.target.due.has(tier)) continue;
    const Still still = read_tier(visit, tier);
    if (still == Still::kShort) return std::nullopt;
    if (still == Still::kGone) return ReadOutcome::kGone;
    visit.target.sample->set_read_at(tier, visit.at);
  }
  return ReadOutcome::kRead;
}

void GroupReader::notice_changes(Visit& visit) {
  GroupState& state = visit.state;
  const std::uint64_t revision = visit.target.cgroup->revision;
  if (state.revision != revision) {
    // It joined or left a hierarchy: what is held may belong to a directory that is gone.
    const bool is_new = !std::exchange(state.revision, revision);
    release(state);
    state.absent = is_new ? missing_v1_[visit.target.cgroup->path == "/" ? 1 : 0] : 0;
    state.probe_at = visit.at + kProbeInterval;
  } else if (state.absent != 0 && visit.at >= state.probe_at) {
    state.absent = 0;
    state.probe_at = visit.at + kProbeInterval;
  }
  if (std::exchange(state.io_source_changed, false)) {
    visit.target.sample->devices.clear();
    drop_io_service_bytes(*visit.target.sample);
    drop_io_serviced(*visit.target.sample);
  }
}

// Whether an unchanged CPU and memory usage may stand for "nothing happened". Only against a full
// reading into this very sample, and not when limits or the like are asked for.
bool GroupReader::may_be_idle(const ReadTarget& target, const GroupState& state) const {
  if (!rules_.options.skip_idle || target.full || rules_.plan.idle_test == 0) return false;
  if (target.due.has(Tier::kSlow)) return false;
  if (target.due.has(Tier::kWarm) && !target.sample->read_at(Tier::kWarm)) return false;
  return target.sample->read_at(Tier::kHot) == state.hot_at;
}

bool GroupReader::rests_under(const ReadTarget& above, const GroupState& state_above,
                              ReadTarget& target, GroupState& state) {
  if (!may_be_idle(target, state) || state.revision != target.cgroup->revision ||
      state.io_source_changed || state.visits + 1 >= kIdleMemoryEvery)
    return false;
  const std::size_t cpu = rules_.plan.tiers[static_cast<std::size_t>(Tier::kHot)][0].hierarchy;
  CgroupSample& sample = *target.sample;
  if (!above.cgroup->in(cpu) || !target.cgroup->in(cpu) || !sample.value(Field::kCpuUsage) ||
      !above.sample->value(Field::kCpuUsage))
    return false;
  // The stillness above began before this one was last looked at, and lasts longer.
  const auto seen = sample.usage_at();
  const auto still_until = above.sample->usage_at();
  if (!seen || !still_until || *seen < state_above.still_since || *seen >= *still_until)
    return false;
  ++state.visits;
  ++stats_.idle;
  sample.set_usage_at(*still_until);
  target.outcome = ReadOutcome::kIdle;
  return true;
}

// How many hot files decide whether the group is idle, 0 when it is read in any case. What used no
// CPU touched no memory; what others do to a group's memory (reclaim, packets to its sockets) is
// looked for every few visits.
std::size_t GroupReader::idle_files(Visit& visit) const {
  // After a visit that stopped the fingerprints are of what was not read on.
  if (visit.attempt == Attempt::kAgain || !may_be_idle(visit.target, visit.state)) return 0;
  if (++visit.state.visits < kIdleMemoryEvery) return rules_.plan.idle_cpu;
  visit.state.visits = 0;
  return rules_.plan.idle_test;
}

// Whether a file's numbers stand still for lack of a limit.
bool GroupReader::stands_still(const Visit& visit, const FileSpec& spec) {
  if (!spec.only_under || (spec.or_under_above && visit.state.quota_above)) return false;
  const CgroupSample& sample = *visit.target.sample;
  const auto limit = sample.limit(*spec.only_under);
  return limit && limit->is_none() && sample.read_at(Tier::kHot);
}

// Whether it has nothing new to say since it was last read. Not trusted when the limits are due:
// somebody may have set one.
bool GroupReader::at_rest(const Visit& visit, const FileSpec& spec) {
  return !visit.target.due.has(Tier::kSlow) && stands_still(visit, spec);
}

GroupReader::Hot GroupReader::read_hot(Visit& visit) {
  CgroupSample& sample = *visit.target.sample;
  const std::size_t deciding = idle_files(visit);
  visit.moved = deciding == 0;
  const std::vector<PlannedFile>& hot = rules_.plan.tiers[static_cast<std::size_t>(Tier::kHot)];
  for (std::size_t rank = 0; rank < hot.size(); ++rank) {
    if (at_rest(visit, *hot[rank].spec)) {
      let_go(visit.state.held[rank]);
      continue;
    }
    const Still still = read_file(visit, hot[rank]);
    if (still != Still::kThere) return still == Still::kGone ? Hot::kGone : Hot::kShort;
    if (rank + 1 != deciding || visit.moved || !sample.value(Field::kCpuUsage)) continue;
    sample.set_usage_at(visit.at);
    return Hot::kIdle;
  }
  if (rules_.plan.memory) {
    const bool v2_root = visit.target.cgroup->path == "/" && rules_.plan.memory_current &&
                         (visit.state.absent & bit(*rules_.plan.memory_current)) != 0;
    derive_memory(v2_root ? UsageFrom::kStat : UsageFrom::kFile, sample);
  }
  sample.set_read_at(Tier::kHot, visit.at);
  sample.set_usage_at(visit.at);
  visit.state.hot_at = visit.at;
  return Hot::kRead;
}

GroupReader::Still GroupReader::read_tier(Visit& visit, Tier tier) {
  // Two files may say that a group is frozen, and the second only adds to the first.
  if (tier == Tier::kSlow) visit.target.sample->unset(Field::kCgroupFrozen);
  for (const PlannedFile& file : rules_.plan.tiers[static_cast<std::size_t>(tier)]) {
    if (at_rest(visit, *file.spec)) continue;
    const Still still = read_file(visit, file);
    if (still != Still::kThere) return still;
  }
  return tier == Tier::kSlow ? read_hugetlb(visit) : Still::kThere;
}

GroupReader::Still GroupReader::read_hugetlb(Visit& visit) {
  if (!rules_.plan.hugetlb || !visit.target.cgroup->in(*rules_.plan.hugetlb)) return Still::kThere;
  Result<> read = open_directory(visit, *rules_.plan.hugetlb);
  if (read) read = hugetlb_.read(dirs_[*rules_.plan.hugetlb], buffer_, *visit.target.sample);
  if (read) return Still::kThere;
  visit.target.sample->hugetlb.clear();
  if (visit.shortage == Shortage::kStop && out_of_descriptors(read.error())) return Still::kShort;
  switch (read.error().kind) {
    case ErrorKind::kGone:
      return lost(visit);
    case ErrorKind::kNotOffered:
      return Still::kThere;
    case ErrorKind::kMalformed:
      ++stats_.malformed["hugetlb"];
      return Still::kThere;
    case ErrorKind::kDenied:
      ++stats_.denied["hugetlb"];
      return Still::kThere;
    default:
      ++stats_.failed["hugetlb"];
      return Still::kThere;
  }
}

GroupReader::Still GroupReader::read_file(Visit& visit, const PlannedFile& file) {
  if ((visit.state.absent & bit(file)) != 0) return Still::kThere;
  // A held file proves that the group is there, and its inodes need not be fetched.
  const bool held = file.slot && visit.state.held[*file.slot];
  if (!held && !visit.target.cgroup->in(file.hierarchy)) {
    mark_absent(visit, file);
    return Still::kThere;
  }
  const Result<std::string_view> text = text_of(visit, file);
  if (!text) return refused(visit, file, text.error());
  ++stats_.reads;
  if (file.slot && *file.slot < rules_.plan.idle_test) {
    const std::uint64_t print = fingerprint(*text);
    const bool same = std::exchange(visit.state.seen[*file.slot], print) == print;
    if (same && !visit.moved) return Still::kThere;  // Its numbers are in the sample.
    visit.moved = true;
    if (!same && *file.slot < rules_.plan.idle_cpu) visit.state.still_since = visit.at;
  }
  if (const Result<> put = file.spec->put(*text, rules_.context, *visit.target.sample); !put) {
    ++stats_.malformed[file.spec->name];
    file.spec->drop(*visit.target.sample);
  }
  return Still::kThere;
}

Result<std::string_view> GroupReader::text_of(Visit& visit, const PlannedFile& file) {
  const FileSpec& spec = *file.spec;
  Fd* held = file.slot ? &visit.state.held[*file.slot] : nullptr;
  if (held != nullptr && *held) {
    Result<std::string_view> text = buffer_.read(*held, spec.records, spec.name);
    if (!text) let_go(*held);
    return text;
  }
  Fd fd = PLIMSOLL_TRY(open_file(visit, file));
  Result<std::string_view> text = buffer_.read(fd, spec.records, spec.name);
  if (text && file.slot && !stands_still(visit, spec)) hold(visit.state, *file.slot, std::move(fd));
  return text;
}

Result<Fd> GroupReader::open_file(Visit& visit, const PlannedFile& file) {
  PLIMSOLL_TRY(open_directory(visit, file.hierarchy));
  ++stats_.opens;
  return open_at(dirs_[file.hierarchy], file.spec->name, O_RDONLY);
}

Result<> GroupReader::open_directory(Visit& visit, std::size_t hierarchy) {
  if (visit.opened.test(hierarchy)) return {};
  ++stats_.directory_opens;
  dirs_[hierarchy] = PLIMSOLL_TRY(open_cgroup(rules_.layout, *visit.target.cgroup, hierarchy));
  visit.opened.set(hierarchy);
  return {};
}

GroupReader::Still GroupReader::refused(Visit& visit, const PlannedFile& file, const Error& error) {
  if (visit.shortage == Shortage::kStop && out_of_descriptors(error)) return Still::kShort;
  const ErrorKind kind = error.kind;
  if (kind == ErrorKind::kGone && lost(visit) == Still::kGone) return Still::kGone;
  if (kind == ErrorKind::kGone || kind == ErrorKind::kDenied) {
    if (kind == ErrorKind::kDenied) ++stats_.denied[file.spec->name];
    mark_absent(visit, file);
    return Still::kThere;
  }
  if (kind != ErrorKind::kNotOffered) {
    ++stats_.failed[file.spec->name];
    file.spec->drop(*visit.target.sample);
    return Still::kThere;
  }
  // ENOENT says "no such file" and "no such group" alike: ask once per hierarchy and visit.
  if (!visit.proven.test(file.hierarchy)) {
    const bool lives = lives_in(visit, file.hierarchy);
    if (!lives && lost(visit) == Still::kGone) return Still::kGone;
    visit.proven.set(file.hierarchy, lives);
  }
  if (visit.proven.test(file.hierarchy) && file.spec->version == 1)
    missing_v1_[visit.target.cgroup->path == "/" ? 1 : 0] |= bit(file);
  mark_absent(visit, file);
  return Still::kThere;
}

// A directory that cannot be opened for another reason (no descriptor left, no permission) is no
// proof of death.
bool GroupReader::lives_in(const Visit& visit, std::size_t hierarchy) const {
  const Result<DirFd> dir = open_cgroup(rules_.layout, *visit.target.cgroup, hierarchy);
  if (dir) return true;
  const ErrorKind kind = dir.error().kind;
  return kind != ErrorKind::kGone && kind != ErrorKind::kNotOffered;
}

// One of its directories is gone. v1 removes a group hierarchy by hierarchy, and some tools keep it
// in a few: only when none is left is the group gone.
GroupReader::Still GroupReader::lost(Visit& visit) {
  if (!visit.lives_elsewhere) {
    visit.lives_elsewhere = false;
    for (std::size_t h = 0; h < rules_.layout.hierarchies.size() && !*visit.lives_elsewhere; ++h)
      visit.lives_elsewhere = lives_in(visit, h);
  }
  return *visit.lives_elsewhere ? Still::kThere : Still::kGone;
}

void GroupReader::mark_absent(Visit& visit, const PlannedFile& file) {
  visit.state.absent |= bit(file);
  file.spec->drop(*visit.target.sample);
}

}  // namespace plimsoll::cgroupfs
