#include "inventory/lookup.h"

#include <array>

#include "inventory/inspect.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {

namespace {

Result<Record> read_one(Sources& sources, const PathFacts& facts, Runtime runtime) {
  switch (runtime) {
    case Runtime::kDocker:
      return read_docker(sources, facts);
    case Runtime::kPodman:
    case Runtime::kCrio:
      return read_containers_storage(sources, facts);
    case Runtime::kContainerd:
      return read_containerd(sources, facts);
    case Runtime::kLxc:
      return read_lxc(sources, facts);
    case Runtime::kNspawn:
      return read_nspawn(sources, facts);
    case Runtime::kPlimsoll:
      return read_own(sources, facts);
    case Runtime::kRoot:
    case Runtime::kKubernetes:
    case Runtime::kSystemd:
    case Runtime::kCgroup:
      break;
  }
  return failure(ErrorKind::kNotOffered, "find", facts.identity.cgroup);
}

std::uint64_t current_version(Sources& sources, const Stamp& stamp) {
  const auto version = stamp.entry.empty() ? sources.files.version(stamp.path)
                                           : sources.storage.version(stamp.path, stamp.entry);
  return version.value_or(0);
}

std::vector<std::string> sockets(const InventoryOptions& options, const PathFacts& facts) {
  std::vector<std::string> paths;
  const std::string user =
      facts.uid.value_or(0) == 0 ? "" : options.rootless_run + "/" + std::to_string(*facts.uid);
  switch (facts.identity.runtime) {
    case Runtime::kContainerd:
      // containerd itself speaks gRPC; a bare id may be Docker's.
      if (!facts.guess) break;
      [[fallthrough]];
    case Runtime::kDocker:
      if (!user.empty()) paths.push_back(user + "/docker.sock");
      paths.insert(paths.end(), options.docker_sockets.begin(), options.docker_sockets.end());
      break;
    case Runtime::kPodman:
      if (!user.empty()) paths.push_back(user + "/podman/podman.sock");
      paths.insert(paths.end(), options.podman_sockets.begin(), options.podman_sockets.end());
      break;
    case Runtime::kCrio:
      paths.push_back(options.crio_run + "/crio.sock");
      break;
    default:
      break;
  }
  return paths;
}

std::string target(const Identity& identity) {
  if (identity.runtime == Runtime::kPodman)
    return "/v4.0.0/libpod/containers/" + identity.id + "/json";
  if (identity.runtime == Runtime::kCrio) return "/containers/" + identity.id;
  return "/containers/" + identity.id + "/json";
}

}  // namespace

// A bare id is Docker's, containerd's with any namespace, or of an engine of ours whose --run-dir
// or
// --containers.cgroup-parent is not the usual one. The first refusal that says more than "not mine"
// is the answer.
Result<Record> look_up(Sources& sources, const PathFacts& facts) {
  const Runtime likely = facts.identity.runtime;
  Result<Record> found = read_one(sources, facts, likely);
  if (!facts.guess) return found;
  const Runtime other = likely == Runtime::kDocker ? Runtime::kContainerd : Runtime::kDocker;
  for (const Runtime next : {other, Runtime::kPlimsoll}) {
    if (found) break;
    Result<Record> record = read_one(sources, facts, next);
    if (record || found.error().kind == ErrorKind::kNotOffered) found = std::move(record);
  }
  return found;
}

bool any_changed(Sources& sources, const std::vector<Stamp>& stamps) {
  for (const Stamp& stamp : stamps) {
    const std::uint64_t version = current_version(sources, stamp);
    if (version != 0 && version != stamp.version) return true;
  }
  return false;
}

std::optional<Question> question_about(Sources& sources, const PathFacts& facts) {
  for (const std::string& path : sockets(sources.options, facts)) {
    if (!sources.files.exists(path)) continue;
    Question question;
    question.socket = sources.options.host_root + path;
    question.target = target(facts.identity);
    return question;
  }
  return std::nullopt;
}

Result<Record> read_answer(Sources& sources, const PathFacts& facts, std::string_view body) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(body));
  // {"message":"No such container: …"}
  if (json.text({"Id"}).empty() && json.text({"name"}).empty())
    return failure(ErrorKind::kNotOffered, "ask", facts.identity.id);
  Record record;
  Identity base = facts.identity;
  if (base.runtime == Runtime::kCrio) {
    record.identity = PLIMSOLL_TRY(read_crio_answer(json, std::move(base)));
  } else {
    if (base.runtime == Runtime::kContainerd) base.name.clear();
    if (base.runtime != Runtime::kPodman) base.runtime = Runtime::kDocker;
    record.identity =
        PLIMSOLL_TRY(read_inspect(json, std::move(base), sources.options.environment_prefixes));
  }
  const Membership found = keep_own_pid(sources.proc, record.identity);
  if (needs_proof(facts) && found != Membership::kInside)
    return failure(ErrorKind::kNotOffered, "verify", facts.identity.id + ": is elsewhere");
  // Not by the pid, as with the file: where we cannot see the process we would ask for ever.
  record.settled = says_running(json);
  return record;
}

}  // namespace plimsoll::inventory
