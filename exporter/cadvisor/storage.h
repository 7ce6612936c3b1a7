// The host's file systems as v2's `storage` shows them, with labels that say what they hold.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "exporter/cadvisor/go_json.h"
#include "exporter/collect/mounts.h"
#include "exporter/collect/snapshot.h"

namespace plimsoll::exporter {

// Label -> device.
using StorageLabels = std::map<std::string, std::string>;

// Which directory a label stands for, as the host names it ("" = there is none).
struct StoragePlaces {
  std::string docker_root = "/var/lib/docker";
  std::string containers_storage = "/var/lib/containers/storage";  // podman, CRI-O.
};
// "root", "docker-images", "crio-images", "crio-containers": those whose directory lies on a disk
// that we show. Pure. `exists` asks the host.
[[nodiscard]] StorageLabels storage_labels(const std::vector<Mount>& mounts,
                                           const StoragePlaces& places,
                                           const std::function<bool(const std::string&)>& exists);

// The device behind /dev/disk/by-uuid/<uuid>: "/dev/vda1". kNotOffered: no such device.
[[nodiscard]] Result<std::string> device_of_uuid(const std::string& host_root,
                                                 std::string_view uuid);

// Writes one FsInfo.
void write_fs_info(GoJson& json, const FilesystemUsage& fs, WallTime at,
                   const StorageLabels& labels);

}  // namespace plimsoll::exporter
