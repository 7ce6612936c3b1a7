// The inventory: one entry per cgroup, with the time when it is worth looking at again.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "inventory/homes.h"
#include "inventory/inventory.h"
#include "inventory/record.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {

constexpr MonoTime kNever = MonoTime::max();

// What is kept of one cgroup.
struct Entry {
  IdentityPtr identity;
  MonoTime due = kNever;                   // When to look again.
  MonoTime asked_until = MonoTime::min();  // No further question before.
  std::vector<Stamp> stamps;
  std::uint32_t attempts = 0;  // In a row without a settled record.
  bool settled = false;
  bool incomplete = false;  // The files do not hold all that the socket could tell ...
  bool answered = false;    // ... and has told.
};

class CachedInventory final : public Inventory {
 public:
  CachedInventory(const DirFd& proc, const Clock& clock, InventoryOptions options, Ask ask)
      : clock_(clock),
        options_(std::move(options)),
        ask_(std::move(ask)),
        files_(options_.host_root),
        storage_(files_),
        homes_(options_.passwd, files_, proc),
        sources_{options_, proc, files_, storage_, homes_} {}

  IdentityPtr identify(const cgroupfs::Cgroup& cgroup) override;
  void forget(std::uint64_t serial) override;
  [[nodiscard]] std::optional<Ending> ending_of(const Identity& identity) override;
  void answer(const Question& question, const Result<std::string>& body) override;
  [[nodiscard]] InventoryStats stats() const override;

 private:
  struct Pod {
    std::string name;
    std::string pod_namespace;
  };

  void start(std::uint64_t serial, Entry& entry, const std::string& path);
  void revisit(std::uint64_t serial, Entry& entry);
  void look(std::uint64_t serial, Entry& entry, const PathFacts& facts);
  void found(std::uint64_t serial, Entry& entry, Record record);
  void missed(Entry& entry, const PathFacts& facts, const Error& error);
  void ask(std::uint64_t serial, Entry& entry, const PathFacts& facts);
  void name_pod(Entry& entry);
  void set(Entry& entry, Identity identity);
  [[nodiscard]] PathFacts facts_of(const std::string& path);
  [[nodiscard]] std::chrono::nanoseconds back_off(const Entry& entry) const;
  [[nodiscard]] std::chrono::nanoseconds spread_refresh(std::uint64_t serial) const;

  const Clock& clock_;
  InventoryOptions options_;
  Ask ask_;
  StateFiles files_;
  StorageIndex storage_;
  Homes homes_;
  Sources sources_;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::unordered_map<std::string, Pod> pods_;          // By uid, learned from their containers.
  std::unordered_set<std::string> podman_pod_groups_;  // Paths that libpod containers are below.
  std::uint64_t failures_ = 0;
  std::uint64_t questions_ = 0;
};

}  // namespace plimsoll::inventory
