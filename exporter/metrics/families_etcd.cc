// Whether others find this host in etcd; only where registering is configured.
#include "exporter/metrics/families_self.h"

namespace plimsoll::exporter {

namespace {

using E = const EtcdStats&;

// A family that is one number of EtcdStats.
template <auto kOf>
void write_etcd(FamilyWriter& out, const Context& context) {
  if (context.self.etcd) out.count("", kOf(*context.self.etcd));
}

template <auto kOf>
void write_operations(FamilyWriter& out, const Context& context) {
  if (!context.self.etcd) return;
  for (const auto& [operation, count] : kOf(*context.self.etcd))
    out.count("", count, {{"operation", operation}});
}

void write_last_success(FamilyWriter& out, const Context& context) {
  if (!context.self.etcd || !context.self.etcd->last_success) return;
  out.real(
      "",
      std::chrono::duration<double>(context.self.etcd->last_success->time_since_epoch()).count());
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;

const Family kFamilies[] = {
    {{"plimsoll_etcd_registered", kGauge, "", Group::kAlways, "",
      "1 if etcd holds what this host registers, under a lease that lives; 0 if the last request "
      "failed or something waits to be written.",
      "-", "-", ""},
     write_etcd<+[](E e) { return e.registered ? 1U : 0U; }>},
    {{"plimsoll_etcd_keys", kGauge, "", Group::kAlways, "",
      "Keys under the lease: this host and its containers.", "-", "-", ""},
     write_etcd<+[](E e) { return e.keys; }>},
    {{"plimsoll_etcd_key_bytes", kGauge, "bytes", Group::kAlways, "",
      "Size of these keys and their values.", "-", "-", ""},
     write_etcd<+[](E e) { return e.key_bytes; }>},
    {{"plimsoll_etcd_left_out", kGauge, "", Group::kAlways, "",
      "Containers that are not registered: there are too many, or one does not fit into a key.",
      "-", "-", ""},
     write_etcd<+[](E e) { return e.left_out; }>},
    {{"plimsoll_etcd_requests_total", kCounter, "", Group::kAlways, "operation",
      "Requests to etcd: grant and keepalive of the lease, txn that writes and removes keys, "
      "revoke "
      "at the end.",
      "-", "-", ""},
     write_operations<+[](E e) -> const auto& { return e.requests; }>},
    {{"plimsoll_etcd_errors_total", kCounter, "", Group::kAlways, "operation",
      "Of these, those that no endpoint did.", "-", "-", ""},
     write_operations<+[](E e) -> const auto& { return e.errors; }>},
    {{"plimsoll_etcd_leases_lost_total", kCounter, "", Group::kAlways, "",
      "Leases that ran out or that etcd forgot; all keys are registered again.", "-", "-", ""},
     write_etcd<+[](E e) { return e.leases_lost; }>},
    {{"plimsoll_etcd_last_success_timestamp_seconds", kGauge, "seconds", Group::kAlways, "",
      "When etcd last did what it was asked.", "-", "-", ""},
     write_last_success},
};

}  // namespace

std::span<const Family> families_etcd() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
