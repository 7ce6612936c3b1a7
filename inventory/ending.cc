// Where runtimes leave word of an end:
//
//   Docker        <data-root>/containers/<id>/config.v2.json, rewritten some moments after the exit
//   podman        <run>/libpod/exits/<id>, by conmon, until the container is removed; and the file
//                 "oom" in its bundle if conmon saw it run out of memory
//   CRI-O         <run>/crio/exits/<id>, likewise
//
// containerd keeps it in its task service only.
#include "inventory/ending.h"

#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "inventory/cached_inventory.h"
#include "inventory/json_value.h"
#include "inventory/path_facts.h"

namespace plimsoll::inventory {

namespace {

std::optional<Ending> docker_ending(StateFiles& files, const std::string& root,
                                    const Identity& identity) {
  const auto file = files.read(root + "/containers/" + identity.id + "/config.v2.json");
  if (!file) return std::nullopt;
  const auto ending = parse_docker_ending(file->text);
  return ending ? *ending : std::nullopt;
}

std::optional<Ending> conmon_ending(StateFiles& files, const std::string& exits,
                                    const Identity& identity) {
  const auto file = files.read(exits + "/" + identity.id, 64);
  if (!file) return std::nullopt;
  const auto code = parse_exit_file(file->text);
  if (!code) return std::nullopt;
  Ending ending;
  ending.exit_code = *code;
  ending.started = identity.started;
  ending.finished = file->modified;
  ending.restart_count = identity.restart_count;
  if (!identity.runtime_root.empty() && !identity.storage_driver.empty())
    ending.oom_killed = files.exists(identity.runtime_root + "/" + identity.storage_driver +
                                     "-containers/" + identity.id + "/userdata/oom");
  // The file of the run before.
  if (identity.started && file->modified < *identity.started) return std::nullopt;
  return ending;
}

}  // namespace

Result<std::optional<Ending>> parse_docker_ending(std::string_view text) {
  const JsonValue json = PLIMSOLL_TRY(parse_json(text));
  const auto running = json.boolean({"State", "Running"});
  const auto code = json.integer({"State", "ExitCode"});
  const auto finished = json.time({"State", "FinishedAt"});
  const auto started = json.time({"State", "StartedAt"});
  if (!running || *running || !code || !finished) return std::nullopt;
  if (started && *finished < *started) return std::nullopt;  // Of the run before.
  Ending ending;
  ending.exit_code = *code;
  ending.oom_killed = json.boolean({"State", "OOMKilled"});
  ending.started = started;
  ending.finished = finished;
  ending.restart_count = static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, json.integer({"RestartCount"}).value_or(0)));
  return ending;
}

std::optional<std::int64_t> parse_exit_file(std::string_view text) {
  return to_number<std::int64_t>(trim(text));
}

std::optional<Ending> CachedInventory::ending_of(const Identity& identity) {
  if (!is_file_name(identity.id)) return std::nullopt;
  switch (identity.runtime) {
    case Runtime::kDocker:
      return docker_ending(
          files_, identity.runtime_root.empty() ? options_.docker_root : identity.runtime_root,
          identity);
    case Runtime::kPodman: {
      const std::uint32_t uid = path_facts(identity.cgroup).uid.value_or(0);
      const std::string exits =
          uid == 0 ? options_.libpod_run
                   : options_.rootless_run + "/" + std::to_string(uid) + "/libpod/tmp";
      return conmon_ending(files_, exits + "/exits", identity);
    }
    case Runtime::kCrio:
      return conmon_ending(files_, options_.crio_run + "/exits", identity);
    default:
      return std::nullopt;
  }
}

}  // namespace plimsoll::inventory
