// One network namespace that containers live in: its interfaces, and for each where its counters
// are read.
//
// A veth's other end in the host's namespace has the same bytes and packets, received and sent
// exchanged, and the host's dump has them for nearly nothing; reading inside costs some 12 us.
// So inside is read when the namespace is new or changed, then every few seconds for errors, drops
// and as a check, and every tick only where an interface that counts has no host end (macvlan, a
// moved NIC, no netlink).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "exporter/collect/link_table.h"
#include "exporter/collect/process_net.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Finds the host's number (nsid) for the namespace of a process.
class NsidFinder {
 public:
  virtual ~NsidFinder() = default;
  [[nodiscard]] virtual std::optional<std::int32_t> find(std::string_view pid) = 0;
};

// lo, and the interfaces that belong to containers further in: veth*, docker*, nerdctl*.
[[nodiscard]] bool is_foreign_interface(std::string_view name);

class Netns {
 public:
  explicit Netns(NetnsKey key) : key_(key) {}
  // An idle namespace's errors and drops are read this many times more rarely.
  static constexpr int kIdleFactor = 6;

  struct Context {
    ProcessNet* process = nullptr;
    const LinkTable* links = nullptr;  // Null: no host ends to read this tick.
    NsidFinder* nsids = nullptr;
    MonoTime now;
    std::chrono::nanoseconds inside_interval{};
  };
  enum class Update : std::uint8_t {
    kFromHostEnds,
    kFromInside,
    kMoved  // `pid` is not in this namespace (any more).
  };
  // Brings interfaces() up to date; `pid` is a process in it. kGone if that ended.
  [[nodiscard]] Result<Update> update(const Context& context, std::string_view pid);
  // Without lo, and without veth*, docker*, nerdctl* unless there is nothing else; by name.
  [[nodiscard]] const std::vector<InterfaceCounters>& interfaces() const { return interfaces_; }
  [[nodiscard]] std::optional<std::int32_t> nsid() const { return nsid_; }
  // The host's links changed in a way that may concern this namespace: look again.
  void mark_changed() { changed_ = true; }

 private:
  [[nodiscard]] bool must_read_inside(const Context& context) const;
  [[nodiscard]] bool take_host_ends(const LinkTable& links);
  [[nodiscard]] Result<Update> read_inside(const Context& context, std::string_view pid);
  void find_host_ends(const Context& context, std::string_view pid);
  void check_ends(const LinkTable& links);
  void plan_next(const Context& context);

  NetnsKey key_;
  std::optional<std::int32_t> nsid_;
  std::vector<InterfaceCounters> interfaces_;
  std::vector<std::int32_t> host_ends_;  // Per interface: ifindex at the host, 0 = none.
  std::set<std::int32_t> distrusted_;    // Host ends that did not mirror: never used again.
  std::uint64_t traffic_at_inside_ = 0;  // Sum of all packets when inside was last read.
  MonoTime next_inside_, settled_at_;
  bool changed_ = true;  // As if new.
  bool all_have_ends_ = false;
  bool every_tick_ = false;
  bool first_planned_ = false;
};

}  // namespace plimsoll::exporter
