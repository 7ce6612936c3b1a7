#include "exporter/web/registration.h"

#include <utility>

#include "base/text.h"
#include "exporter/stream/json_writer.h"

namespace plimsoll::exporter {

namespace {

using inventory::Identity;

bool is_registered(const Identity& identity, Registered which) {
  if (which == Registered::kNone || !identity.is_container() || identity.sandbox) return false;
  // Ids of some runtimes are names; a '/' in one would be another level of keys.
  if (identity.id.empty() || identity.id.find('/') != std::string::npos) return false;
  return which == Registered::kAll || declares_port(identity);
}

}  // namespace

std::string node_value(const NodeFacts& facts) {
  const std::string started = rfc3339(facts.started);
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("node").text(facts.node);
  json.key("address").text(facts.address);
  json.key("version").text(PLIMSOLL_VERSION);
  json.member_text("cgroup_mode", facts.cgroup_mode);
  json.member_text("machine_id", facts.machine_id);
  json.key("started").text(started);
  json.key("targets").begin_array().begin_object();
  json.key("targets").begin_array().text(facts.address);
  json.end_array();
  json.key("labels").begin_object();
  json.key("__scheme__").text(facts.scheme);
  json.key("__metrics_path__").text(facts.metrics_path);
  json.key("__meta_plimsoll_node").text(facts.node);
  json.key("__meta_plimsoll_version").text(PLIMSOLL_VERSION);
  json.member_text("__meta_plimsoll_cgroup_mode", facts.cgroup_mode);
  json.member_text("__meta_plimsoll_machine_id", facts.machine_id);
  json.end_object();
  json.end_object();
  json.end_array();
  json.end_object();
  return text;
}

Registration::Registration(RegistrationOptions options, const NodeFacts& facts, std::string host,
                           AddressesOf addresses_of)
    : options_(std::move(options)),
      node_(facts.node),
      host_(std::move(host)),
      addresses_of_(std::move(addresses_of)),
      node_key_(options_.prefix + "/nodes/" + node_),
      containers_(options_.prefix + "/containers/" + node_ + "/"),
      node_value_(std::make_shared<const std::string>(node_value(facts))) {}

void Registration::update(const Snapshot* snapshot, Entries& entries) {
  entries[node_key_] = node_value_;
  if (snapshot == nullptr) return;
  ++round_;
  left_out_ = 0;
  for (const Row& row : snapshot->rows)
    if (row.identity && is_registered(*row.identity, options_.containers))
      update_one(row.identity, snapshot->taken, entries);
  std::erase_if(known_, [&](const auto& item) {
    const bool gone = item.second.round != round_;
    if (gone) entries.erase(item.first);
    return gone;
  });
}

void Registration::update_one(const inventory::IdentityPtr& identity, MonoTime now,
                              Entries& entries) {
  std::string key = containers_ + identity->id;
  auto found = known_.find(key);
  if (found == known_.end()) {
    if (known_.size() >= options_.max_containers) {
      ++left_out_;
      return;
    }
    found = known_.emplace(std::move(key), Known{}).first;
  }
  Known& known = found->second;
  known.round = round_;
  const bool changed = known.identity != identity;
  const auto again = known.is_target ? options_.ask_again : options_.ask_soon;
  if (changed || (declares_port(*identity) && now - known.asked >= again)) {
    known.identity = identity;
    describe(known, now);
  }
  if (known.value->size() > options_.max_value) {
    ++left_out_;
    entries.erase(found->first);
  } else {
    entries[found->first] = known.value;
  }
}

void Registration::describe(Known& known, MonoTime now) const {
  const Identity& identity = *known.identity;
  std::string targets = "[]";
  std::string skipped;
  if (declares_port(identity)) {
    Result<std::string> found = targets_of(identity, addresses_of_, host_, node_);
    if (found)
      targets = *std::move(found);
    else
      skipped = found.error().subject;
  }
  known.asked = now;
  known.is_target = targets != "[]";
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("node").text(node_);
  json.key("id").text(identity.id);
  json.member_text("name", identity.name);
  json.member_text("image", identity.image);
  json.key("runtime").text(name_of(identity.runtime));
  if (identity.started) json.key("started").time(*identity.started);
  json.member_text("pod", identity.pod_name);
  json.member_text("namespace", identity.pod_namespace);
  json.member_text("container", identity.pod_container);
  json.member_text("compose_project", identity.compose_project);
  json.member_text("compose_service", identity.compose_service);
  json.member_text("not_a_target", skipped);
  json.key("targets").literal(targets);
  json.end_object();
  if (!known.value || *known.value != text)
    known.value = std::make_shared<const std::string>(std::move(text));
}

}  // namespace plimsoll::exporter
