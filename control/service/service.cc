#include "control/service/service.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "cgroupfs/limit/apply.h"
#include "control/enforcer/returning.h"
#include "control/service/knob_place.h"

namespace plimsoll::control {
namespace {

// The lease whose end is the next thing to happen to a spot: the newest that holds it.
const Lease* lease_of(const State& state, const Spot& spot) {
  for (auto lease = state.leases().rbegin(); lease != state.leases().rend(); ++lease)
    if (std::ranges::find(lease->second.spots, spot, &LeasedSpot::spot) !=
        lease->second.spots.end())
      return &lease->second;
  return nullptr;
}

class Showing {
 public:
  Showing(const State& state, const limit::KernelView& view, const Moment& now)
      : state_(state), view_(view), now_(now) {}

  enum class Which : std::uint8_t { kAll, kOurs };
  [[nodiscard]] std::vector<KnobState> knobs(std::size_t group, Which which) const {
    std::vector<KnobState> knobs;
    for (const limit::KnobInfo& info : limit::catalogue())
      for (const std::string& detail : details(group, info))
        if (auto knob = look(group, info.knob, detail, which)) knobs.push_back(*std::move(knob));
    return knobs;
  }

 private:
  // Devices that have no line now may have had one before ours.
  [[nodiscard]] std::vector<std::string> details(std::size_t group,
                                                 const limit::KnobInfo& info) const {
    std::vector<std::string> details = details_of(view_, group, info.knob);
    if (info.detail != limit::Detail::kDevice && info.detail != limit::Detail::kOptionalDevice)
      return details;
    const auto place = place_of(view_, group, info.knob, "0:0");
    if (!place) return details;
    for (const auto& [spot, found] : state_.found())
      if (spot.at == place->spot.at && spot.file == place->spot.file &&
          cgroupfs::parse_device_number(spot.key) &&
          std::ranges::find(details, spot.key) == details.end())
        details.push_back(spot.key);
    return details;
  }

  [[nodiscard]] std::optional<KnobState> look(std::size_t group, limit::Knob knob,
                                              const std::string& detail, Which which) const {
    const auto place = place_of(view_, group, knob, detail);
    if (!place) return std::nullopt;
    const auto text = text_at(view_, group, *place);
    if (!text) return std::nullopt;
    const auto found = state_.found().find(place->spot);
    const Lease* const lease = lease_of(state_, place->spot);
    const limit::GroupView& owner = view_.groups[group];
    KnobState shown;
    shown.setting = {knob, detail, value_in(knob, place->version, *text, owner)};
    shown.text = *text;
    shown.file = place->spot.file;
    if (found != state_.found().end()) {
      shown.found = found->second.found.text;
      shown.rule = found->second.rule.empty() ? "request" : found->second.rule;
    }
    if (lease != nullptr) {
      shown.rule = "lease";
      if (const auto left = remaining(*lease, now_)) shown.lease_ends = now_.wall + *left;
    }
    if (which == Which::kAll) return shown;
    if (shown.rule.empty() || is_other_spelling(knob, place->version)) return std::nullopt;
    const bool same = shown.found && shares_file(knob, place->version) &&
                      value_in(knob, place->version, *shown.found, owner) == shown.setting.value;
    return same && lease == nullptr ? std::nullopt : std::optional(shown);
  }

  // Weight and shares are one value on two scales.
  static bool is_other_spelling(limit::Knob knob, int version) {
    return knob == (version == 1 ? limit::Knob::kCpuWeight : limit::Knob::kCpuShares);
  }

  const State& state_;
  const limit::KernelView& view_;
  const Moment& now_;
};

std::vector<std::string> groups_in(const State& state) {
  std::set<std::string> groups;
  for (const auto& [spot, found] : state.found()) groups.insert(spot.at.cgroup);
  for (const auto& [id, lease] : state.leases())
    for (const LeasedSpot& leased : lease.spots) groups.insert(leased.spot.at.cgroup);
  return {groups.begin(), groups.end()};
}

}  // namespace

Result<std::unique_ptr<Service>> Service::open(Store& store, Machine& machine, const Clock& clock) {
  std::unique_ptr<Service> service(new Service(store, machine, clock));
  const Moment now = machine.now();
  service->journal_ = PLIMSOLL_TRY(Journal::open(store, now));
  service->audit_ = PLIMSOLL_TRY(AuditLog::open(store, now.wall));
  service->enforcer_ = std::make_unique<Enforcer>(*service->journal_, *service->audit_);
  return service;
}

ServiceCounts Service::counts() const {
  ServiceCounts counts{.changes = enforcer_->counts()};
  journal_->with_state([&](const State& state) {
    counts.under_way = state.open().size();
    counts.values = state.found().size();
    counts.leases = state.leases().size();
  });
  return counts;
}

Recovery Service::start() {
  const auto port = machine_.port();
  const Recovery recovery = enforcer_->recover(*port, machine_.now());
  forget_gone();
  // One that cannot be ended now is the keeper's.
  for (const std::uint64_t lease : due_leases())
    if (const auto ending = draft_ending(lease)) std::ignore = carry_out(*ending);
  return recovery;
}

void Service::forget_gone() {
  const State state = journal_->state();
  const std::vector<std::string> groups = groups_in(state);
  if (groups.empty()) return;
  const auto view = machine_.view(groups);
  if (!view) return;
  std::set<Spot> spots;
  for (const auto& [spot, found] : state.found()) spots.insert(spot);
  for (const auto& [id, lease] : state.leases())
    for (const LeasedSpot& leased : lease.spots) spots.insert(leased.spot);
  std::vector<limit::Place> gone;
  for (const Spot& spot : spots) {
    const auto group = view->index_of(spot.at.cgroup);
    if (!group || view->groups[*group].inode[spot.at.hierarchy] != spot.at.inode)
      gone.push_back(spot.at);
  }
  forget(gone);
}

void Service::forget(std::span<const limit::Place> gone) {
  std::vector<Record> records;
  journal_->with_state([&](const State& state) {
    const auto is_kept = [&](const limit::Place& place) {
      const auto here = [&](const Spot& spot) {
        return spot.at.hierarchy == place.hierarchy && spot.at.inode == place.inode;
      };
      return std::ranges::any_of(state.found(), [&](const auto& one) { return here(one.first); }) ||
             std::ranges::any_of(state.leases(), [&](const auto& lease) {
               return std::ranges::any_of(lease.second.spots, here, &LeasedSpot::spot);
             });
    };
    for (const limit::Place& place : gone)
      if (is_kept(place)) records.emplace_back(Forgotten{place});
  });
  // Where the disk does not take it, the next start finds it out again.
  if (!records.empty()) std::ignore = journal_->settle(records);
}

void Service::adopt(const Spot& spot, const std::string& text, std::string rule) {
  std::vector<Record> records;
  journal_->with_state([&](const State& state) {
    const auto found = state.found().find(spot);
    if (found != state.found().end())
      records.emplace_back(Found{spot, found->second.found, text, std::move(rule)});
  });
  // Where the disk does not take it, the next start finds a foreign value again.
  if (!records.empty()) std::ignore = journal_->settle(records);
}

Answer<Target> Service::resolve(std::string_view ref) {
  // With a path there is no need to know who all the others are.
  const auto path = path_in(ref);
  const std::vector<Target> targets =
      PLIMSOLL_TRY(path ? machine_.targets_at(*path) : machine_.targets());
  return find_target(ref, targets);
}

Answer<Shown> Service::show(std::string_view ref) {
  Shown shown{PLIMSOLL_TRY(resolve(ref)), {}};
  const limit::KernelView view = PLIMSOLL_TRY(machine_.view({&shown.target.cgroup, 1}));
  const auto group = view.index_of(shown.target.cgroup);
  if (!group)
    return refuse(Problem::kNotFound, "cgroup " + shown.target.cgroup + " is gone just now");
  const Moment now = machine_.now();
  shown.settings = journal_->with_state([&](const State& state) {
    return Showing(state, view, now).knobs(*group, Showing::Which::kAll);
  });
  return shown;
}

Answer<std::vector<Shown>> Service::changed() {
  const State state = journal_->state();
  std::vector<Shown> all;
  const std::vector<std::string> groups = groups_in(state);
  if (groups.empty()) return all;
  const std::vector<Target> targets = PLIMSOLL_TRY(machine_.targets());
  const limit::KernelView view = PLIMSOLL_TRY(machine_.view(groups));
  const Moment now = machine_.now();
  const Showing showing(state, view, now);
  for (const std::string& path : groups) {
    const auto target = std::ranges::find(targets, path, &Target::cgroup);
    const auto group = view.index_of(path);
    if (target == targets.end() || !group) continue;
    Shown shown{*target, showing.knobs(*group, Showing::Which::kOurs)};
    if (!shown.settings.empty()) all.push_back(std::move(shown));
  }
  return all;
}

Answer<History> Service::history(std::optional<std::string_view> ref, std::size_t most) {
  std::string cgroup;
  if (ref && ref->starts_with("cgroup:"))
    cgroup = ref->substr(std::string_view("cgroup:").size());
  else if (ref)
    cgroup = PLIMSOLL_TRY(resolve(*ref)).cgroup;
  const std::vector<std::string> files = PLIMSOLL_TRY(audit_files(store_));
  History history;
  for (auto file = files.rbegin(); file != files.rend() && history.records.size() < most; ++file) {
    const std::string text = PLIMSOLL_TRY(store_.read(*file));
    std::string_view rest = text;
    std::vector<std::string> lines;
    for (std::string_view line; next_line(rest, line);) {
      const auto record = parse_line(line);
      if (record && (!ref || record->cgroup == cgroup)) lines.emplace_back(line);
    }
    const std::size_t room = most - history.records.size();
    const std::size_t skipped = lines.size() > room ? lines.size() - room : 0;
    history.records.insert(
        history.records.begin(),
        std::make_move_iterator(lines.begin() + static_cast<std::ptrdiff_t>(skipped)),
        std::make_move_iterator(lines.end()));
  }
  if (const auto whole = verify_audit(store_); !whole) history.broken = whole.error().message();
  return history;
}

std::optional<std::chrono::nanoseconds> Service::next_lease_end() {
  const Moment now = machine_.now();
  return journal_->with_state([&](const State& state) { return next_due(state, now); });
}

std::vector<std::uint64_t> Service::due_leases() {
  const Moment now = machine_.now();
  return journal_->with_state([&](const State& state) { return due(state, now); });
}

}  // namespace plimsoll::control
