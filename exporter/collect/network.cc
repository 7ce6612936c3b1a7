#include "exporter/collect/network.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "exporter/collect/host_links.h"
#include "exporter/collect/netns.h"
#include "exporter/collect/process_net.h"

namespace plimsoll::exporter {

namespace {

// A process this young may still be the runtime's own set-up, which joins its namespaces one after
// the other: it is looked at each tick.
constexpr std::chrono::seconds kYoung{10};

// The process that stands for a container.
struct Member {
  std::int32_t pid = 0;
  std::uint64_t start_time = 0;
  NetnsKey key = 0;
  MonoTime verify_at, young_until;
  // The pid now belongs to a process that began later, and nobody has given us another one.
  bool reused = false;
};

// A pid as text, without allocation.
class PidText {
 public:
  explicit PidText(std::int32_t pid)
      : end_(std::to_chars(text_.data(), text_.data() + text_.size(), pid).ptr) {}
  [[nodiscard]] std::string_view view() const { return {text_.data(), end_}; }

 private:
  std::array<char, 12> text_{};
  const char* end_;
};

InterfaceCounters as_seen_by_the_host(const HostLink& link) {
  const LinkCounters& c = link.counters;
  return {link.name,   c.rx_bytes,   c.rx_packets, c.tx_bytes,  c.tx_packets,
          c.rx_errors, c.rx_dropped, c.tx_errors,  c.tx_dropped};
}

class Collector final : public NetworkCollector, private NsidFinder {
 public:
  Collector(const DirFd& proc, const Clock& clock, NetworkOptions options)
      : process_(proc), clock_(clock), options_(options) {
    open_links();
  }

  void collect(std::span<NetworkTarget> targets) override;
  void forget(std::uint64_t serial) override {
    const auto found = members_.find(serial);
    if (found == members_.end()) return;
    leave(found->second.key);
    members_.erase(found);
  }
  [[nodiscard]] NetworkStats stats() const override {
    NetworkStats stats = stats_;
    stats.namespaces = namespaces_.size();
    return stats;
  }

 private:
  struct Known {
    Netns netns;
    std::size_t members = 0;
    std::uint64_t claimed = 0;  // Tick in which a target reported it.
  };

  void open_links();
  void refresh_links();
  void fill(NetworkTarget& target);
  void fill_host(NetworkTarget& target);
  bool fill_own(NetworkTarget& target, Member& member);
  Member* member_of(const NetworkTarget& target);
  Member* adopt(const NetworkTarget& target);
  bool verify(std::uint64_t serial, Member& member);
  void join(NetnsKey key);
  void leave(NetnsKey key);
  std::optional<std::int32_t> find(std::string_view pid) override;
  void count(const Error& error) {
    if (error.kind != ErrorKind::kGone) ++stats_.errors;
  }

  ProcessNet process_;
  const Clock& clock_;
  NetworkOptions options_;
  std::optional<NetnsKey> host_key_;
  std::optional<HostLinks> links_;
  bool links_fresh_ = false;  // This tick's dump succeeded.
  bool pids_are_ours_ = false;
  std::vector<std::int32_t> host_row_;  // Links of the host's row, by name, as of ...
  std::optional<std::uint64_t> host_row_version_;
  std::unordered_map<std::uint64_t, Member> members_;  // By serial.
  std::unordered_map<NetnsKey, Known> namespaces_;     // Without the host's.
  NetworkStats stats_;
  std::uint64_t tick_ = 0;
  MonoTime now_;
};

void Collector::open_links() {
  const PidText host(options_.host_pid);
  Result<NetnsKey> host_key = process_.key(host.view());
  const Result<NetnsKey> our_key = process_.key("thread-self");
  // With hidepid we do not even see the host's init, and take our own namespace for the host's.
  if (!host_key) host_key = our_key;
  if (host_key) host_key_ = *host_key;
  // In a recorded tree the numbers are another machine's: no netlink then.
  if (!process_.is_live() || !host_key || !our_key) return;
  pids_are_ours_ = process_.same_pid_namespace();
  Fd netns;
  if (*host_key != *our_key) {
    Result<Fd> opened = process_.open_netns(host.view());
    if (!opened) {
      stats_.missing = "CAP_SYS_PTRACE";
      return;
    }
    netns = *std::move(opened);
  }
  Result<HostLinks> links = HostLinks::open(netns ? &netns : nullptr);
  if (links) {
    links_ = *std::move(links);
  } else {
    stats_.missing = links.error().kind == ErrorKind::kDenied ? "CAP_SYS_ADMIN" : "RTM_GETSTATS";
  }
}

void Collector::collect(std::span<NetworkTarget> targets) {
  ++tick_;
  now_ = clock_.now();
  stats_.by_host_end = 0;
  stats_.by_namespace = 0;
  refresh_links();
  const auto rank = [](const NetworkTarget& target) {
    if (target.identity == nullptr) return 1;
    if (target.identity->sandbox) return 0;
    return target.identity->network == inventory::NetworkMode::kContainer ? 2 : 1;
  };
  for (int turn = 0; turn < 3; ++turn)
    for (NetworkTarget& target : targets)
      if (rank(target) == turn) fill(target);
}

void Collector::refresh_links() {
  if (!links_) return;
  const Result<> refreshed = links_->refresh();
  links_fresh_ = refreshed.has_value();
  if (!refreshed) count(refreshed.error());
  if (links_->table().changed().empty()) return;
  std::set<std::int32_t> strangers = links_->table().changed();
  for (auto& [key, known] : namespaces_)
    if (const auto nsid = known.netns.nsid(); nsid && links_->table().changed().contains(*nsid)) {
      known.netns.mark_changed();
      strangers.erase(*nsid);
    }
  if (strangers.empty()) return;
  // A link to a namespace that had none: one of those whose number we do not know.
  for (auto& [key, known] : namespaces_)
    if (!known.netns.nsid()) known.netns.mark_changed();
}

void Collector::fill(NetworkTarget& target) {
  target.interfaces.clear();
  target.attribution = NetworkAttribution::kNone;
  if (target.identity != nullptr && target.identity->runtime == inventory::Runtime::kRoot)
    return fill_host(target);
  if (!target.pid) {
    forget(target.serial);
    if (target.identity != nullptr && target.identity->network == inventory::NetworkMode::kHost)
      target.attribution = NetworkAttribution::kHost;
    return;
  }
  // Twice: its process may turn out to have moved to another namespace.
  for (int attempt = 0; attempt < 2; ++attempt) {
    Member* member = member_of(target);
    if (member == nullptr) return;
    if (member->key == host_key_) {
      target.attribution = NetworkAttribution::kHost;
      return;
    }
    if (fill_own(target, *member)) return;
  }
}

// False: ask who it is again.
bool Collector::fill_own(NetworkTarget& target, Member& member) {
  Known& known = namespaces_.at(member.key);
  if (known.claimed == tick_) {
    target.attribution = NetworkAttribution::kShared;
    return true;
  }
  const PidText pid(member.pid);
  const Netns::Context context{.process = &process_,
                               .links = links_ && links_fresh_ ? &links_->table() : nullptr,
                               .nsids = this,
                               .now = now_,
                               .inside_interval = options_.inside_interval};
  const Result<Netns::Update> update = known.netns.update(context, pid.view());
  if (!update) {
    count(update.error());
    if (update.error().kind == ErrorKind::kGone) forget(target.serial);
    return true;
  }
  if (*update == Netns::Update::kMoved) {
    member.verify_at = now_;
    return false;
  }
  known.claimed = tick_;
  // Reading inside verifies the owner too, on its own schedule: another check would double the
  // cost.
  member.verify_at = now_ + options_.inside_interval * (Netns::kIdleFactor + 1);
  if (known.netns.interfaces().empty()) return true;
  ++(*update == Netns::Update::kFromHostEnds ? stats_.by_host_end : stats_.by_namespace);
  target.attribution = NetworkAttribution::kOwn;
  target.interfaces = known.netns.interfaces();
  return true;
}

void Collector::fill_host(NetworkTarget& target) {
  target.attribution = NetworkAttribution::kOwn;
  if (!links_ || !links_fresh_) {
    Result<ProcessNet::Inside> inside = process_.read(PidText(options_.host_pid).view());
    if (!inside) return count(inside.error());
    target.interfaces = std::move(inside->interfaces);
    std::erase_if(target.interfaces,
                  [](const InterfaceCounters& i) { return is_foreign_interface(i.name); });
    std::ranges::sort(target.interfaces, {}, &InterfaceCounters::name);
    return;
  }
  if (host_row_version_ != links_->table().version()) {
    host_row_.clear();
    for (const auto& [ifindex, link] : links_->table().all())
      if (!is_foreign_interface(link.name)) host_row_.push_back(ifindex);
    std::ranges::sort(host_row_, {}, [&](std::int32_t i) { return links_->table().find(i)->name; });
    host_row_version_ = links_->table().version();
  }
  for (const std::int32_t ifindex : host_row_)
    target.interfaces.push_back(as_seen_by_the_host(*links_->table().find(ifindex)));
}

Member* Collector::member_of(const NetworkTarget& target) {
  const auto found = members_.find(target.serial);
  if (found == members_.end()) return adopt(target);
  if (found->second.pid != *target.pid) {
    forget(target.serial);
    return adopt(target);
  }
  Member& member = found->second;
  if (member.reused) return nullptr;
  const bool due = now_ >= member.verify_at || now_ < member.young_until;
  return !due || verify(target.serial, member) ? &member : nullptr;
}

Member* Collector::adopt(const NetworkTarget& target) {
  const PidText pid(*target.pid);
  const Result<NetnsKey> key = process_.key(pid.view());
  if (!key) return count(key.error()), nullptr;
  const Result<std::uint64_t> start_time = process_.start_time(pid.view());
  if (!start_time) return count(start_time.error()), nullptr;
  Member member;
  member.pid = *target.pid;
  member.start_time = *start_time;
  member.key = *key;
  member.verify_at = now_ + options_.inside_interval;
  const double age = process_.age_seconds(*start_time).value_or(1e9);
  if (age < std::chrono::duration<double>(kYoung).count()) member.young_until = now_ + kYoung;
  join(*key);
  return &members_.insert_or_assign(target.serial, member).first->second;
}

// Is it still the same process, and where? False if not; the member may be gone then.
bool Collector::verify(std::uint64_t serial, Member& member) {
  const PidText pid(member.pid);
  const Result<NetnsKey> key = process_.key(pid.view());
  if (!key) {
    count(key.error());
    forget(serial);
    return false;
  }
  member.verify_at = now_ + options_.inside_interval;
  if (*key == member.key) return true;
  // Another namespace: it moved there, or it is another process with its pid, which may be of any
  // container.
  const Result<std::uint64_t> start_time = process_.start_time(pid.view());
  const bool same = start_time && *start_time == member.start_time;
  leave(member.key);
  member.key = same ? *key : 0;
  member.reused = !same;
  if (same) join(*key);
  return same;
}

void Collector::join(NetnsKey key) {
  if (key != host_key_)
    ++namespaces_.try_emplace(key, Known{.netns = Netns(key)}).first->second.members;
}

void Collector::leave(NetnsKey key) {
  const auto found = namespaces_.find(key);
  if (found != namespaces_.end() && --found->second.members == 0) namespaces_.erase(found);
}

std::optional<std::int32_t> Collector::find(std::string_view pid) {
  Result<std::optional<std::int32_t>> nsid;
  if (pids_are_ours_) {
    std::int32_t number = 0;
    std::from_chars(pid.data(), pid.data() + pid.size(), number);
    nsid = links_->nsid_of_pid(number);
  } else {
    const Result<Fd> netns = process_.open_netns(pid);
    if (!netns && netns.error().kind == ErrorKind::kDenied) stats_.missing = "CAP_SYS_PTRACE";
    if (!netns) return std::nullopt;
    nsid = links_->nsid_of(*netns);
  }
  if (!nsid) {
    count(nsid.error());
    return std::nullopt;
  }
  return *nsid;
}

}  // namespace

std::unique_ptr<NetworkCollector> NetworkCollector::create(const DirFd& proc, const Clock& clock,
                                                           NetworkOptions options) {
  return std::make_unique<Collector>(proc, clock, options);
}

}  // namespace plimsoll::exporter
