#include "control/applier/policies.h"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "base/log.h"
#include "control/applier/ceilings.h"
#include "control/policy/json.h"
#include "control/policy/match.h"

namespace plimsoll::control {
namespace {

constexpr std::chrono::seconds kSoon{2};
constexpr std::size_t kMostInView = 64;
constexpr std::chrono::nanoseconds kLeastRest = std::chrono::milliseconds(100);

}  // namespace

Policies::Policies(Service& service, Machine& machine, Lanes lanes, const Clock& clock,
                   const policy::Zone& zone, PolicyOptions options, std::function<void()> wake)
    : service_(service),
      machine_(machine),
      lanes_(std::move(lanes)),
      clock_(clock),
      zone_(zone),
      options_(std::move(options)),
      wake_(std::move(wake)),
      book_(options_.directory, options_.owner),
      rules_(book_.current()),
      port_(machine.port()),
      drift_(clock, options_.damping) {}

policy::Loaded Policies::reload() {
  policy::Loaded loaded = book_.reload(clock_.wall());
  for (const policy::Problem& problem : loaded.problems) log::error(to_text(problem));
  for (const std::string& note : loaded.notes) log::info(note);
  if (loaded.problems.empty())
    log::info(std::to_string(loaded.set.rules.size()) + " policy rules from " + options_.directory);
  else
    log::error("the policy rules in force stay as they are, until the files are mended");
  {
    const std::scoped_lock guard(mutex_);
    reloaded_ = true;
  }
  {
    const std::scoped_lock guard(counts_mutex_);
    ++counts_.reloads;
    counts_.reload_ok = loaded.problems.empty();
    if (counts_.reload_ok)
      counts_.reload_ok_at = clock_.wall();
    else
      ++counts_.reload_failures;
  }
  wake_();
  return loaded;
}

std::string Policies::json() const {
  return policy::policy_json(*book_.current(), book_.problems());
}

Answer<std::string> Policies::explain(std::string_view ref) {
  const Target target = PLIMSOLL_TRY(service_.resolve(ref));
  const limit::KernelView view = PLIMSOLL_TRY(machine_.view({&target.cgroup, 1}));
  const auto group = view.index_of(target.cgroup);
  const std::scoped_lock guard(mutex_);
  const auto member = std::ranges::find_if(
      members_, [&](const auto& one) { return one.second.group.cgroup.path == target.cgroup; });
  if (!group || member == members_.end())
    return refuse(Problem::kNotFound, "cgroup " + target.cgroup + " is gone just now");
  return policy::decision_json(decide(rules_, member->second, view, *group, machine_.host()));
}

PolicyCounts Policies::counts() const {
  const std::scoped_lock guard(counts_mutex_);
  return counts_;
}

void Policies::take_stock() {
  stock_ = {};
  for (const auto& [serial, member] : members_) {
    stock_.matched += member.matched ? 1U : 0U;
    stock_.values += member.held.size();
    stock_.has_by_hand = stock_.has_by_hand || member.has_by_hand;
    if (member.retry_at && (!stock_.retry_at || *member.retry_at < *stock_.retry_at))
      stock_.retry_at = member.retry_at;
    if (member.next && (!stock_.next || *member.next < *stock_.next)) stock_.next = member.next;
  }
}

// At the end of a turn, for those who must not wait for one.
void Policies::publish() {
  auto calm = drift_.census();
  const std::scoped_lock guard(counts_mutex_);
  counts_.files = rules_->files.size();
  counts_.rules = rules_->rules.size();
  counts_.matched = stock_.matched;
  counts_.values = stock_.values;
  counts_.drift = drift_.counts();
  counts_.calm = std::move(calm);
}

drift::DriftCounts Policies::drift_counts() const {
  const std::scoped_lock guard(mutex_);
  return drift_.counts();
}

std::map<drift::Calm, std::size_t> Policies::drift_census() const {
  const std::scoped_lock guard(mutex_);
  return drift_.census();
}

void Policies::turn(const GroupNews& news) {
  const std::scoped_lock guard(mutex_);
  take_news(news);
  const bool moved = !news.added.empty() || !news.changed.empty() || !news.removed.empty();
  const bool done = take_done();
  busy_ = done || moved || !news.written.empty() || reloaded_;
  if (std::exchange(reloaded_, false)) {
    rules_ = book_.current();
    for (auto& [serial, member] : members_) {
      member.said.clear();
      try_again(member);
    }
  }
  look_for_drift(news);
  // Most turns come of our own writes: thousands of groups are not gone through for each.
  const bool looks = wants_looks();
  if (looks) {
    look_at(due_for_look());
    submit();
  }
  if (looks || done || moved) take_stock();
  publish();
}

bool Policies::wants_looks() const {
  return looks_wanted_ || stock_.has_by_hand ||
         (stock_.retry_at && clock_.now() >= *stock_.retry_at) ||
         (stock_.next && clock_.wall() >= *stock_.next);
}

std::vector<std::uint64_t> Policies::due_for_look() {
  looks_wanted_ = false;
  const WallTime wall = clock_.wall();
  const MonoTime now = clock_.now();
  std::vector<std::uint64_t> serials;
  for (auto& [serial, member] : members_) {
    if (member.retry_at && now >= *member.retry_at) {
      member.refused.clear();
      member.back_refused = false;
      member.retry_at.reset();
      member.look = true;
    }
    const bool due = member.look || member.has_by_hand || (member.next && wall >= *member.next);
    if (!due) continue;
    busy_ = true;
    if (member.under_way > 0) continue;  // It wants a look when that has ended.
    if (is_starting(member))
      looks_wanted_ = true;
    else
      serials.push_back(serial);
  }
  return serials;
}

std::chrono::nanoseconds Policies::rest() const {
  const std::scoped_lock guard(mutex_);
  if (busy_) return kSoon;
  std::chrono::nanoseconds rest = std::chrono::hours(1);
  const MonoTime now = clock_.now();
  const WallTime wall = clock_.wall();
  if (const auto due = drift_.next_due()) rest = std::min(rest, *due - now);
  if (stock_.retry_at) rest = std::min(rest, *stock_.retry_at - now);
  if (stock_.next) rest = std::min<std::chrono::nanoseconds>(rest, *stock_.next - wall);
  // What is due and cannot be done is tried again, but not at once.
  return std::max(rest, kLeastRest);
}

void Policies::take_news(const GroupNews& news) {
  for (const KnownGroup& gone : news.removed) {
    const auto member = members_.find(gone.cgroup.serial);
    if (member == members_.end()) continue;
    for (const Spot& spot : member->second.spots) owners_.erase(spot);
    members_.erase(member);
  }
  for (const auto* groups : {&news.added, &news.changed})
    for (const KnownGroup& group : *groups) {
      Member& member = members_[group.cgroup.serial];
      member.group = group;
      ++member.version;
      // A group joins one hierarchy after the other: what was refused a moment ago may work now.
      try_again(member);
    }
}

bool Policies::speaks_for(const Member& member) const {
  return std::ranges::any_of(rules_->rules, [&](const policy::Rule& rule) {
    return policy::match(rule, *member.group.identity).answer == policy::Matching::Answer::kYes;
  });
}

bool Policies::may_matter(const Member& member) const {
  return !member.held.empty() || std::ranges::any_of(rules_->rules, [&](const policy::Rule& rule) {
    return rule.mode == policy::Mode::kEnforce &&
           policy::match(rule, *member.group.identity).answer != policy::Matching::Answer::kNo;
  });
}

policy::Decision Policies::decide(const policy::PolicyBook::SetPtr& rules, const Member& member,
                                  const limit::KernelView& view, std::size_t group,
                                  const limit::Host& host) const {
  std::vector<limit::Setting> in_force;
  in_force.reserve(member.held.size());
  for (const policy::Held& held : member.held) in_force.push_back(held.setting);
  policy::Situation situation;
  situation.host = host;
  situation.parent = ceilings_of(view, group);
  if (options_.observed) situation.observed = options_.observed(member.group);
  situation.in_force = in_force;
  situation.now = clock_.wall();
  return policy::decide(rules->rules, *member.group.identity, situation, zone_);
}

// One change for each rule, so that the audit log says on whose behalf.
Policies::Steps Policies::steps_of(const policy::Reconciled& todo, std::uint64_t serial,
                                   const Member& member) {
  std::map<const policy::Rule*, Step> by_rule;
  for (const policy::ToSet& set : todo.set) {
    if (std::ranges::find(member.refused, set.setting) != member.refused.end()) continue;
    Step& step = by_rule[set.rule];
    step = {.serial = serial,
            .cgroup = member.group.cgroup.path,
            .version = member.version,
            .request = std::move(step.request),
            .cause = policy::cause_of(*set.rule),
            .on_drift = set.rule->drift,
            .refused = {},
            .why = {}};
    step.request.settings.push_back(set.setting);
  }
  Steps steps;
  for (auto& [rule, step] : by_rule) steps.push_back(std::move(step));
  return steps;
}

// Lots of them, and not all at once: what is read is held as long as its lot takes.
void Policies::look_at(const std::vector<std::uint64_t>& serials) {
  std::vector<Looked> all;
  for (const std::uint64_t serial : serials)
    if (const auto looked = wants_look(serial, members_[serial])) all.push_back(*looked);
  if (all.empty()) return;
  const limit::Host host = machine_.host();
  for (std::size_t begin = 0; begin < all.size(); begin += kMostInView) {
    const std::span lot = std::span(all).subspan(begin, std::min(kMostInView, all.size() - begin));
    std::vector<std::string> groups;
    for (const Looked& looked : lot) groups.push_back(members_[looked.serial].group.cgroup.path);
    const auto views = std::make_shared<const Views>(machine_, groups, controllers_for(lot));
    for (const Looked& looked : lot) look_at(looked, members_[looked.serial], views, host);
  }
}

// Of what the rules want, and of what shares are of. What the journal has found may be anything.
cgroupfs::ControllerSet Policies::controllers_for(std::span<const Looked> lot) const {
  using cgroupfs::Controller;
  if (std::ranges::any_of(lot, &Looked::found)) return limit::kAll;
  cgroupfs::ControllerSet needed;
  for (const Controller controller : {Controller::kCpu, Controller::kMemory, Controller::kPids})
    needed.set(static_cast<std::size_t>(controller));
  for (const policy::Rule& rule : rules_->rules)
    for (const policy::Amount& amount : rule.limits)
      needed.set(static_cast<std::size_t>(limit::info_of(amount.knob).controller));
  return needed;
}

std::optional<Policies::Looked> Policies::wants_look(std::uint64_t serial, Member& member) {
  member.look = false;
  member.next.reset();
  member.matched = speaks_for(member);
  // At its first look the journal may know of values that rules held before this start.
  const bool first = !std::exchange(member.is_read, true);
  const bool found = first && service_.with_state([&](const State& state) {
    return has_found(state, member.group.cgroup);
  });
  if (!found && !may_matter(member)) return std::nullopt;
  return Looked{serial, found};
}

void Policies::look_at(const Looked& looked, Member& member,
                       const std::shared_ptr<const Views>& views, const limit::Host& host) {
  const std::uint64_t serial = looked.serial;
  const limit::KernelView view = views->of(member.group.cgroup.path);
  const auto group = view.index_of(member.group.cgroup.path);
  if (!group) return;
  if (looked.found)
    service_.with_state([&](const State& state) { remember(serial, member, state, view, *group); });
  const policy::Decision decision = decide(rules_, member, view, *group, host);
  member.next = decision.next_change;
  const auto by_hand = service_.with_state(
      [&](const State& state) { return by_hand_in(state, view, *group, decision); });
  member.has_by_hand = !by_hand.empty();
  const policy::Reconciled todo = policy::reconcile(decision, member.held, by_hand);
  for (Step& step : steps_of(todo, serial, member)) {
    if (under_way_ == begun_.size()) step.seen = views;
    begin(member, std::move(step));
  }
  if (todo.give_back.empty() || member.back_refused) return;
  Step back{.serial = serial,
            .cgroup = member.group.cgroup.path,
            .version = member.version,
            .request = {},
            .cause = "no policy holds any longer"};
  for (const policy::KnobName& knob : todo.give_back)
    back.request.restore.push_back({knob.knob, knob.detail});
  begin(member, std::move(back));
}

}  // namespace plimsoll::control
