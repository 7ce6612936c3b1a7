#include "exporter/collect/netns.h"

#include <algorithm>
#include <utility>

namespace plimsoll::exporter {

namespace {

// After a change names and addresses are still being given: this long, each tick looks again.
constexpr std::chrono::seconds kSettling{5};

bool counted(const InterfaceCounters& i) {
  return i.rx_packets != 0 || i.tx_packets != 0 || i.rx_errors.value_or(0) != 0 ||
         i.rx_dropped.value_or(0) != 0 || i.tx_errors.value_or(0) != 0 ||
         i.tx_dropped.value_or(0) != 0;
}

// What the container has received by the host end's account is at least what we said last.
bool not_behind(const LinkCounters& host, const InterfaceCounters& inside) {
  return host.tx_bytes >= inside.rx_bytes && host.tx_packets >= inside.rx_packets &&
         host.rx_bytes >= inside.tx_bytes && host.rx_packets >= inside.tx_packets;
}

bool not_ahead(const LinkCounters& host, const InterfaceCounters& inside) {
  return host.tx_bytes <= inside.rx_bytes && host.tx_packets <= inside.rx_packets &&
         host.rx_bytes <= inside.tx_bytes && host.rx_packets <= inside.tx_packets;
}

// The interfaces to show, by name.
std::vector<InterfaceCounters> shown(std::vector<InterfaceCounters> all) {
  std::erase_if(all, [](const InterfaceCounters& i) { return i.name == "lo"; });
  const auto foreign = [](const InterfaceCounters& i) { return is_foreign_interface(i.name); };
  if (!std::ranges::all_of(all, foreign)) std::erase_if(all, foreign);
  std::ranges::sort(all, {}, &InterfaceCounters::name);
  return all;
}

}  // namespace

bool is_foreign_interface(std::string_view name) {
  return name == "lo" || name.starts_with("veth") || name.starts_with("docker") ||
         name.starts_with("nerdctl");
}

Result<Netns::Update> Netns::update(const Context& context, std::string_view pid) {
  if (!must_read_inside(context) && take_host_ends(*context.links)) return Update::kFromHostEnds;
  return read_inside(context, pid);
}

bool Netns::must_read_inside(const Context& context) const {
  const bool settling = context.now < settled_at_ && !all_have_ends_;
  return changed_ || settling || every_tick_ || context.links == nullptr ||
         context.now >= next_inside_;
}

// False: some end is gone or does not mirror, look inside.
bool Netns::take_host_ends(const LinkTable& links) {
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    if (host_ends_[i] == 0) continue;
    const HostLink* end = links.find(host_ends_[i]);
    InterfaceCounters& own = interfaces_[i];
    // A BPF program may send packets past the host end (netkit, bpf_redirect_peer): then it falls
    // behind what was read inside.
    if (end != nullptr && !not_behind(end->counters, own)) distrusted_.insert(host_ends_[i]);
    if (end == nullptr || distrusted_.contains(host_ends_[i])) {
      host_ends_[i] = 0;
      return false;
    }
    own.rx_bytes = end->counters.tx_bytes;
    own.rx_packets = end->counters.tx_packets;
    own.tx_bytes = end->counters.rx_bytes;
    own.tx_packets = end->counters.rx_packets;
  }
  return true;
}

Result<Netns::Update> Netns::read_inside(const Context& context, std::string_view pid) {
  ProcessNet::Inside inside = PLIMSOLL_TRY(context.process->read(pid));
  if (inside.key != key_) return Update::kMoved;
  std::vector<InterfaceCounters> interfaces = shown(std::move(inside.interfaces));
  const bool renamed = !std::ranges::equal(interfaces, interfaces_, {}, &InterfaceCounters::name,
                                           &InterfaceCounters::name);
  interfaces_ = std::move(interfaces);
  if (renamed) host_ends_.assign(interfaces_.size(), 0);
  if (renamed || changed_) settled_at_ = context.now + kSettling;
  if (context.links != nullptr) {
    if (context.now < settled_at_) find_host_ends(context, pid);
    check_ends(*context.links);
  }
  changed_ = false;
  plan_next(context);
  return Update::kFromInside;
}

void Netns::find_host_ends(const Context& context, std::string_view pid) {
  if (!nsid_) nsid_ = context.nsids->find(pid);
  if (!nsid_) return;
  const auto numbers = context.process->numbers(pid);
  if (!numbers) return;  // Its process ended: the next tick says so.
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    const auto number = std::ranges::find(*numbers, interfaces_[i].name, &NumberedInterface::name);
    if (number != numbers->end()) host_ends_[i] = context.links->host_end(*nsid_, number->ifindex);
  }
}

// The host's dump was made before inside was read: an end that is ahead is not this interface's.
void Netns::check_ends(const LinkTable& links) {
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    const HostLink* end = links.find(host_ends_[i]);
    if (end != nullptr && !not_ahead(end->counters, interfaces_[i]))
      distrusted_.insert(host_ends_[i]);
    if (end == nullptr || distrusted_.contains(host_ends_[i])) host_ends_[i] = 0;
  }
}

void Netns::plan_next(const Context& context) {
  bool uncovered = false;
  bool uncovered_counts = false;
  bool covered = false;
  std::uint64_t traffic = 0;
  for (std::size_t i = 0; i < interfaces_.size(); ++i) {
    traffic += interfaces_[i].rx_packets + interfaces_[i].tx_packets;
    if (host_ends_[i] != 0) {
      covered = true;
    } else {
      uncovered = true;
      uncovered_counts = uncovered_counts || counted(interfaces_[i]);
    }
  }
  all_have_ends_ = covered && !uncovered;
  // An interface that has never counted anything beside one that has (tunl0 in every namespace once
  // the ipip module is loaded) can wait for the slow reading.
  every_tick_ = uncovered && (uncovered_counts || !covered);
  const bool idle = first_planned_ && traffic == traffic_at_inside_;
  traffic_at_inside_ = traffic;
  std::chrono::nanoseconds wait = context.inside_interval;
  if (idle) wait *= kIdleFactor;
  // Namespaces found together are not read together ever after.
  if (!first_planned_) wait = wait * static_cast<int>(16 + key_ % 16) / 32;
  first_planned_ = true;
  next_inside_ = context.now + wait;
}

}  // namespace plimsoll::exporter
