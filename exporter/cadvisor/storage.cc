#include "exporter/cadvisor/storage.h"

#include <unistd.h>

#include <array>
#include <utility>

namespace plimsoll::exporter {

StorageLabels storage_labels(const std::vector<Mount>& mounts, const StoragePlaces& places,
                             const std::function<bool(const std::string&)>& exists) {
  StorageLabels labels;
  const auto add = [&](const char* label, const std::string& directory) {
    if (directory.empty() || !exists(directory)) return;
    if (const Mount* mount = mount_of(mounts, directory)) labels[label] = device_name(*mount);
  };
  add("root", "/");
  add("docker-images", places.docker_root);
  if (!places.containers_storage.empty()) {
    add("crio-images", places.containers_storage + "/overlay-images");
    add("crio-containers", places.containers_storage + "/overlay-containers");
  }
  return labels;
}

Result<std::string> device_of_uuid(const std::string& host_root, std::string_view uuid) {
  const Failure unknown = failure(ErrorKind::kNotOffered, "api", "cadvisor: no such device");
  // A name in a directory, never a way out of it.
  if (uuid.empty() || uuid.find('/') != std::string_view::npos || uuid.starts_with('.'))
    return unknown;
  const std::string link = host_root + "/dev/disk/by-uuid/" + std::string(uuid);
  std::array<char, 256> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  if (size <= 0 || static_cast<std::size_t>(size) == target.size()) return unknown;
  // "../../vda1"
  const std::string_view text(target.data(), static_cast<std::size_t>(size));
  return "/dev/" + std::string(text.substr(text.rfind('/') + 1));
}

void write_fs_info(GoJson& json, const FilesystemUsage& fs, WallTime at,
                   const StorageLabels& labels) {
  json.begin_object();
  json.time("timestamp", at);
  json.text("device", fs.device);
  json.text("mountpoint", fs.mountpoint);
  json.number("capacity", fs.limit_bytes);
  json.number("available", fs.available_bytes);
  json.number("usage", fs.usage_bytes);
  json.begin_array("labels");
  for (const auto& [label, device] : labels)
    if (device == fs.device) json.element(std::string_view(label));
  json.end_array();
  if (fs.inodes_total) json.number("inodes", fs.inodes_total);
  if (fs.inodes_free) json.number("inodes_free", fs.inodes_free);
  json.end_object();
}

}  // namespace plimsoll::exporter
