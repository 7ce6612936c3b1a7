#include <algorithm>

#include "base/number.h"
#include "inventory/inventory.h"
#include "inventory/path_facts.h"
#include "inventory/path_match.h"

namespace plimsoll::inventory {

namespace {

// Takes the next component off "/a/b/c". False at the end; doubled slashes are skipped.
bool next_component(std::string_view& path, std::string_view& component) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (path.empty()) return false;
  component = path.substr(0, path.find('/'));
  path.remove_prefix(component.size());
  return true;
}

void apply(ContainerMatch match, PathFacts& facts) {
  Identity& identity = facts.identity;
  identity.runtime = match.runtime;
  identity.id = std::move(match.id);
  identity.name = std::move(match.name);
  if (!match.pod_uid.empty()) identity.pod_uid = std::move(match.pod_uid);
  // cAdvisor's rule: a containerd container's name is its id.
  if (identity.runtime == Runtime::kContainerd) identity.name = identity.id;
  identity.metadata = Metadata::kPending;
  facts.guess = match.guess;
}

// What the last component is, once it is known not to be a container.
void apply_plain(std::string_view component, const Above& above, PathFacts& facts) {
  Identity& identity = facts.identity;
  if (const auto pod = match_kubernetes(component, above)) {
    identity.runtime = Runtime::kKubernetes;
    identity.pod_uid = pod->pod_uid;
    if (!pod->pod_uid.empty()) identity.id = pod->pod_uid;
    return;
  }
  identity.pod_uid.clear();  // A group inside a container is not the pod's.
  if (!is_systemd_unit(component)) return;
  identity.runtime = Runtime::kSystemd;
  identity.id = component;
  identity.name = component;
}

}  // namespace

PathFacts path_facts(std::string_view cgroup_path) {
  PathFacts facts;
  Identity& identity = facts.identity;
  identity.cgroup = cgroup_path;
  identity.id = cgroup_path;
  if (cgroup_path.empty() || cgroup_path == "/") {
    identity.runtime = Runtime::kRoot;
    identity.cgroup = identity.id = identity.display = "/";
    return facts;
  }
  std::string_view rest = cgroup_path;
  std::string_view component;
  Above above;
  bool inside = false;
  std::optional<ContainerMatch> match;
  while (next_component(rest, component)) {
    const bool last = rest.find_first_not_of('/') == std::string_view::npos;
    match = match_container(component, above);
    if (match && !last) {
      inside = true;
      identity.pod_uid.clear();
    } else if (!match) {
      if (const auto pod = match_kubernetes(component, above)) identity.pod_uid = pod->pod_uid;
      if (const auto uid = user_of(component); uid && !inside) facts.uid = uid;
    }
    if (last) break;
    above = {component, !identity.pod_uid.empty()};
  }
  facts.nested = inside;
  if (match)
    apply(*std::move(match), facts);
  else
    apply_plain(component, above, facts);
  set_display(identity);
  // Two "nginx.service" on one screen, one of them inside a container, would be a riddle.
  if (inside && !identity.is_container()) identity.display = identity.cgroup;
  return facts;
}

Identity classify(std::string_view cgroup_path) {
  return path_facts(cgroup_path).identity;
}

bool is_container_id(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool is_file_name(std::string_view text) {
  if (text.empty() || text == "." || text == ".." || text.size() > 255) return false;
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c != '/' && c != '\x7f'; });
}

std::string systemd_unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.starts_with("\\x") && text.size() >= 4) {
      if (const auto byte = to_number<unsigned char>(text.substr(2, 2), 16)) {
        plain += static_cast<char>(*byte);
        text.remove_prefix(4);
        continue;
      }
    }
    plain += text.front();
    text.remove_prefix(1);
  }
  return plain;
}

void set_display(Identity& identity) {
  const std::string short_id =
      is_container_id(identity.id) ? identity.id.substr(0, 12) : identity.id;
  if (identity.runtime == Runtime::kKubernetes)
    identity.display = !identity.pod_name.empty()  ? identity.pod_name
                       : !identity.pod_uid.empty() ? "pod " + identity.pod_uid
                                                   : identity.cgroup;
  else if (!identity.pod_name.empty() && !identity.pod_container.empty())
    identity.display = identity.pod_name + "/" + identity.pod_container;
  else if (!identity.pod_name.empty() && identity.sandbox)
    identity.display = identity.pod_name;
  else if (!identity.name.empty() && identity.name != identity.id)
    identity.display = identity.name;
  else
    identity.display = short_id.empty() ? identity.cgroup : short_id;
}

}  // namespace plimsoll::inventory
