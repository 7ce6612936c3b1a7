#include <array>
#include <initializer_list>
#include <string_view>

#include "runtime/engine/bundle_parts.h"

namespace plimsoll::engine {
namespace {

constexpr std::int64_t kShmSize = std::int64_t{64} << 20;

void put_mount(JsonWriter& json, std::string_view destination, std::string_view type,
               std::string_view source, const std::vector<std::string>& options) {
  json.open('{').key("destination").text(destination).key("type").text(type);
  json.key("source").text(source).key("options").texts(options).close('}');
}

bool is_covered(const std::vector<Place>& places, std::string_view destination) {
  for (const Place& place : places)
    if (place.point.destination == destination) return true;
  return false;
}

}  // namespace

void put_mounts(JsonWriter& json, const Container& container, const BundleFacts& facts) {
  const model::HostConfig& host = container.definition.host;
  const bool all = host.privileged;
  json.key("mounts").open('[');
  const auto put = [&](const char* destination, const char* type, const char* source,
                       const std::vector<std::string>& options) {
    if (!is_covered(facts.places, destination)) put_mount(json, destination, type, source, options);
  };
  put("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"});
  put("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"});
  put("/dev/pts", "devpts", "devpts",
      {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"});
  const char* const access = all ? "rw" : "ro";
  if (facts.network == "host")
    // A sysfs belongs to a network namespace: the host's can only be bound.
    put("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", access});
  else
    put("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access});
  put("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", access});
  put("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
  if (host.ipc_mode != "none" && !is_covered(facts.places, "/dev/shm")) {
    const std::int64_t size = host.shm_size == 0 ? kShmSize : host.shm_size;
    if (!facts.shm.empty())
      put_mount(json, "/dev/shm", "bind", facts.shm, {"rbind", "rprivate"});
    else
      put_mount(json, "/dev/shm", "tmpfs", "shm",
                {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(size)});
  }
  for (const Place& place : facts.places) {
    const bool is_tmpfs = place.point.type == "tmpfs";
    put_mount(json, place.point.destination, is_tmpfs ? "tmpfs" : "bind",
              is_tmpfs ? "tmpfs" : place.point.source, place.options);
  }
  const std::array<std::pair<const char*, const std::string*>, 3> files{
      {{"/etc/resolv.conf", &container.resolv_conf_path},
       {"/etc/hostname", &container.hostname_path},
       {"/etc/hosts", &container.hosts_path}}};
  for (const auto& [destination, source] : files)
    if (!source->empty() && !is_covered(facts.places, destination))
      put_mount(json, destination, "bind", *source,
                host.readonly_rootfs ? std::vector<std::string>{"rbind", "rprivate", "ro"}
                                     : std::vector<std::string>{"rbind", "rprivate"});
  if (!facts.init.empty()) {
    // The program stands on the host under its own name, in the container under a fixed one.
    put_mount(json, "/sbin/docker-init", "bind", facts.init, {"bind", "ro"});
  }
  json.close(']');
}

}  // namespace plimsoll::engine
