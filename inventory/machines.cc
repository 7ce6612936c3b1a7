// LXC, systemd-nspawn and Plimsoll's own containers: their names are in the path already; the
// files add the rest.
#include <array>

#include "inventory/homes.h"
#include "inventory/json_value.h"
#include "inventory/key_values.h"
#include "inventory/labels.h"
#include "inventory/own_record.h"
#include "inventory/record.h"

namespace plimsoll::inventory {

namespace {

// Names, unlike 64-digit ids, repeat: inside a container there may be a "web" as well.
Result<> refuse_nested(const PathFacts& facts) {
  if (!facts.nested) return {};
  return failure(ErrorKind::kNotOffered, "verify", facts.identity.cgroup + ": inside a container");
}

Record complete(Identity identity, Stamp stamp) {
  identity.metadata = Metadata::kComplete;
  set_display(identity);
  Record record;
  record.identity = std::move(identity);
  record.stamps.push_back(std::move(stamp));
  return record;
}

}  // namespace

Result<Record> read_lxc(Sources& sources, const PathFacts& facts) {
  PLIMSOLL_TRY(refuse_nested(facts));
  const std::string& name = facts.identity.id;
  std::vector<std::string> paths;
  if (facts.uid.value_or(0) != 0) {
    if (const auto home = sources.homes.of(*facts.uid))
      paths.push_back(*home + "/.local/share/lxc/" + name + "/config");
  } else {
    // LXD and Incus write one for LXC at each start.
    paths = {sources.options.lxc_root + "/" + name + "/config", "/run/incus/" + name + "/lxc.conf",
             "/var/log/lxd/" + name + "/lxc.conf",
             "/var/snap/lxd/common/lxd/logs/" + name + "/lxc.conf"};
  }
  std::optional<Error> refused;
  for (const std::string& path : paths) {
    const auto file = sources.files.read(path);
    if (file) {
      LxcConfig config = read_lxc_config(file->text, facts.identity);
      config.identity.environment =
          allowed_environment(config.environment, sources.options.environment_prefixes);
      config.identity.runtime_root = path.substr(0, path.rfind('/'));
      return complete(std::move(config.identity), {path, "", file->version});
    }
    if (file.error().kind != ErrorKind::kNotOffered) refused = file.error();
  }
  if (refused) return Failure(*std::move(refused));
  return read_nspawn(sources, facts);  // libvirt's LXC guests are known to systemd-machined.
}

Result<Record> read_nspawn(Sources& sources, const PathFacts& facts) {
  PLIMSOLL_TRY(refuse_nested(facts));
  const std::string path = sources.options.machines_run + "/" + facts.identity.id;
  const StateFile file = PLIMSOLL_TRY(sources.files.read(path));
  Identity identity = read_machine(file.text, facts.identity);
  static_cast<void>(keep_own_pid(sources.proc, identity));
  identity.runtime_root = sources.options.machines_run;
  return complete(std::move(identity), {path, "", file.version});
}

Result<Record> read_own(Sources& sources, const PathFacts& facts) {
  PLIMSOLL_TRY(refuse_nested(facts));
  const auto path_below = [&](const std::string& run) {
    return run + "/containers/" + facts.identity.id + ".json";
  };
  Result<StateFile> found = failure(ErrorKind::kNotOffered, "find", facts.identity.cgroup);
  std::string run;
  std::optional<Error> refused;
  for (const std::string& each : sources.options.plimsoll_runs) {
    run = each;
    found = sources.files.read(path_below(run));
    if (found) break;
    if (found.error().kind != ErrorKind::kNotOffered) refused = found.error();
  }
  if (!found && refused) return Failure(*std::move(refused));
  const StateFile file = PLIMSOLL_TRY(std::move(found));
  const std::string path = path_below(run);
  Identity base = facts.identity;
  base.runtime = Runtime::kPlimsoll;
  OwnRecord own = PLIMSOLL_TRY(in(path, parse_own_record(file.text, std::move(base))));
  own.identity.environment =
      allowed_environment(own.environment, sources.options.environment_prefixes);
  const Membership membership = keep_own_pid(sources.proc, own.identity);
  if (needs_proof(facts) && membership != Membership::kInside)
    return failure(ErrorKind::kNotOffered, "verify", path + ": its process is elsewhere");
  own.identity.runtime_root = run;
  return complete(std::move(own.identity), {path, "", file.version});
}

}  // namespace plimsoll::inventory
