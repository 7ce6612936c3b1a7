// Everything that reads a text that somebody else wrote. The first byte says as what; the rest is
// the text. What was accepted must keep its promises.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "inventory/ending.h"
#include "inventory/homes.h"
#include "inventory/inspect.h"
#include "inventory/inventory.h"
#include "inventory/json_value.h"
#include "inventory/key_values.h"
#include "inventory/oci_spec.h"
#include "inventory/own_record.h"
#include "inventory/path_facts.h"
#include "inventory/process.h"
#include "inventory/storage_index.h"

namespace plimsoll::inventory {
namespace {

void check_path(std::string_view text) {
  const PathFacts facts = path_facts(text);
  const Identity& identity = facts.identity;
  PLIMSOLL_CHECK(!identity.display.empty());
  PLIMSOLL_CHECK(classify(text) == identity);
  // An id of a container becomes part of a path that root opens.
  if (identity.is_container()) PLIMSOLL_CHECK(is_file_name(identity.id));
  // A group below a container never carries that container's id.
  if (identity.is_container() && is_container_id(identity.id)) {
    const Identity inside = classify(std::string(text) + "/init.scope");
    PLIMSOLL_CHECK(inside.id != identity.id && !inside.is_container());
  }
}

void check_inspect(std::string_view text) {
  const auto ending = parse_docker_ending(text);
  const auto json = parse_json(text);
  PLIMSOLL_CHECK(ending.has_value() == json.has_value());
  if (!json) return;
  if (*ending) PLIMSOLL_CHECK((*ending)->finished.has_value());
  Identity identity;
  identity.id = "a";
  identity.cgroup = "/docker/a";
  const std::string prefixes[] = {"A"};
  if (const auto read = read_inspect(*json, identity, prefixes)) {
    PLIMSOLL_CHECK(!read->pid || *read->pid > 0);
    PLIMSOLL_CHECK(!read->display.empty());
    for (const auto& [key, value] : read->environment) PLIMSOLL_CHECK(key.starts_with('A'));
  }
  static_cast<void>(read_crio_answer(*json, identity));
}

}  // namespace
}  // namespace plimsoll::inventory

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::inventory;  // A fuzz target is its own program.
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Identity identity;
  identity.id = "a";
  switch (data[0]) {
    case 'p':
      check_path(text);
      break;
    case 'i':
      check_inspect(text);
      break;
    case 's':
      static_cast<void>(parse_stored_containers(text));
      break;
    case 'o':
      if (const auto spec = parse_oci_spec(text)) {
        static_cast<void>(process_of_namespace(spec->network_path));
        static_cast<void>(matches_cgroups_path(spec->cgroups_path, "/a.slice/b-c.scope"));
      }
      break;
    case 'r':
      static_cast<void>(parse_own_record(text, identity));
      break;
    case 'm':
      static_cast<void>(read_machine(text, identity));
      static_cast<void>(read_lxc_config(text, identity));
      break;
    case 'h':
      static_cast<void>(parse_passwd(text));
      static_cast<void>(is_remote(text, "/people/a"));
      static_cast<void>(upper_dir_of(text));
      static_cast<void>(membership(text, "/docker/a"));
      break;
    default:
      break;
  }
  return 0;
}
