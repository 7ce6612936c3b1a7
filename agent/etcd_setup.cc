#include "agent/etcd_setup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/read_file.h"
#include "base/text.h"
#include "cgroupfs/tree/layout.h"
#include "exporter/collect/local_addresses.h"

namespace plimsoll::agent {

namespace {

constexpr std::size_t kLongestName = 253;  // Of a host in the DNS.

std::string this_host() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

bool is_node_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

// "" where it cannot be told: a fact more for relabelling, nothing that depends on it.
std::string cgroup_mode(const EtcdFacts& facts, const DirFd& proc) {
  const Result<std::string> mounts = read_file_at(proc, "self/mountinfo");
  const Result<DirFd> root = open_dir(facts.cgroup_root.c_str());
  if (!mounts || !root) return "";
  const auto layout = cgroupfs::open_layout(*mounts, *root);
  return layout ? std::string(name_of(layout->mode)) : "";
}

std::string machine_id(const EtcdFacts& facts) {
  const Result<DirFd> etc = open_dir((facts.host_root + "/etc").c_str());
  if (!etc) return "";
  constexpr std::size_t kLongest = 64;
  const Result<std::string> text = read_file_at(*etc, "machine-id", kLongest);
  return text ? std::string(trim(*text)) : "";
}

// "[::1]:7546" -> "[::1]". Nothing for a unix socket.
std::string host_of(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (address.starts_with("unix:") || colon == std::string_view::npos) return "";
  return std::string(address.substr(0, colon));
}

bool is_every_address(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "[::]" || host == "*";
}

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "[::1]" || host == "localhost";
}

Result<exporter::NodeFacts> node_facts(const EtcdConfig& config, const EtcdFacts& facts,
                                       const DirFd& proc) {
  exporter::NodeFacts node;
  const std::string host = this_host();
  node.node = config.node.empty() ? host : config.node;
  if (!is_node_name(node.node))
    return invalid_input("--etcd.node",
                         "'" + node.node + "': letters, digits, '-', '_' and '.' only");
  node.address = config.advertise;
  if (node.address.empty()) node.address = PLIMSOLL_TRY(advertised_address(facts.listening, host));
  const bool clean = node.address.find_first_of("/ \t\r\n@") == std::string::npos;
  const std::size_t colon = node.address.rfind(':');
  if (!clean || colon == std::string::npos || colon == 0 || colon + 1 == node.address.size())
    return invalid_input("--etcd.advertise", "'" + node.address + "': give HOST:PORT");
  node.scheme = facts.tls ? "https" : "http";
  node.metrics_path = facts.metrics_path;
  node.cgroup_mode = cgroup_mode(facts, proc);
  node.machine_id = machine_id(facts);
  return node;
}

exporter::RegistrationOptions registration_options(const EtcdConfig& config) {
  exporter::RegistrationOptions options;
  options.prefix = config.prefix;
  options.containers = config.containers;
  return options;
}

}  // namespace

Result<std::string> advertised_address(const std::vector<std::string>& listening,
                                       const std::string& host_name) {
  // One that others reach, if there is one.
  const std::string* best = nullptr;
  for (const std::string& address : listening) {
    if (address.starts_with("unix:")) continue;
    if (best == nullptr || (is_loopback(host_of(*best)) && !is_loopback(host_of(address))))
      best = &address;
  }
  if (best == nullptr)
    return invalid_input("--etcd.advertise", "give HOST:PORT: nothing is served by TCP");
  const std::string host = host_of(*best);
  return is_every_address(host) ? host_name + best->substr(best->rfind(':')) : *best;
}

Result<std::unique_ptr<EtcdRegistration>> EtcdRegistration::create(const EtcdConfig& config,
                                                                   const EtcdFacts& facts,
                                                                   WallTime started) {
  DirFd proc = PLIMSOLL_TRY(open_dir(facts.proc_root.c_str()));
  exporter::NodeFacts node = PLIMSOLL_TRY(node_facts(config, facts, proc));
  node.started = started;
  std::unique_ptr<etcd::EtcdStore> store =
      PLIMSOLL_TRY(in("--etcd.endpoints", etcd::EtcdStore::create(config.client)));
  return std::unique_ptr<EtcdRegistration>(
      new EtcdRegistration(std::move(proc), node, config, std::move(store)));
}

EtcdRegistration::EtcdRegistration(DirFd proc, const exporter::NodeFacts& node,
                                   const EtcdConfig& config, std::unique_ptr<etcd::EtcdStore> store)
    : proc_(std::move(proc)),
      registration_(registration_options(config), node, host_of(node.address),
                    [this](const inventory::Identity& identity) {
                      return exporter::local_addresses(proc_, identity.pid.value_or(0));
                    }) {
  etcd::RegistrarOptions options;
  options.ttl = std::chrono::ceil<std::chrono::seconds>(config.ttl);
  registrar_ = std::make_unique<etcd::Registrar>(
      options, std::move(store), [this](etcd::Entries& entries) { update(entries); });
}

void EtcdRegistration::publish(exporter::SnapshotPtr snapshot) {
  {
    const std::scoped_lock guard(mutex_);
    snapshot_ = std::move(snapshot);
  }
  registrar_->news();
}

void EtcdRegistration::update(etcd::Entries& entries) {
  exporter::SnapshotPtr snapshot;
  {
    const std::scoped_lock guard(mutex_);
    snapshot.swap(snapshot_);  // Not kept: its memory is used again.
  }
  registration_.update(snapshot.get(), entries);
  const std::scoped_lock guard(mutex_);
  left_out_ = registration_.left_out();
}

exporter::EtcdStats EtcdRegistration::stats() const {
  etcd::RegistrarStats told = registrar_->stats();
  exporter::EtcdStats stats;
  stats.registered = told.registered;
  stats.keys = told.keys;
  stats.key_bytes = told.key_bytes;
  stats.leases_lost = told.leases_lost;
  stats.requests = std::move(told.requests);
  stats.errors = std::move(told.errors);
  stats.last_success = told.last_success;
  const std::scoped_lock guard(mutex_);
  stats.left_out = left_out_;
  return stats;
}

}  // namespace plimsoll::agent
