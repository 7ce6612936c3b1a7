#include <unistd.h>

#include "inventory/inventory.h"
#include "inventory/state_files.h"

namespace plimsoll::inventory {

namespace {

struct Place {
  Runtime runtime;
  std::string directory;  // Readable when its names can be listed.
  std::vector<std::string> sockets;
  std::string remedy;
};

std::vector<Place> places(const InventoryOptions& options) {
  const std::string root = "run as root, or give CAP_DAC_READ_SEARCH";
  std::vector<Place> places = {
      {Runtime::kDocker, options.docker_root + "/containers", options.docker_sockets,
       root + ", or add the user to the group of the docker socket"},
      {Runtime::kPodman, options.containers_storage + "/overlay-containers", options.podman_sockets,
       root + "; labels come from podman's socket: systemctl enable --now podman.socket"},
      {Runtime::kContainerd, options.containerd_run + "/io.containerd.runtime.v2.task", {}, root},
      {Runtime::kCrio, options.crio_run, {}, root},
      {Runtime::kLxc, options.lxc_root, {}, root},
      {Runtime::kNspawn, options.machines_run, {}, root},
  };
  for (const std::string& run : options.plimsoll_runs)
    places.push_back(
        {Runtime::kPlimsoll, run + "/containers", {}, "add the user to the group of " + run});
  return places;
}

// Is the path there, even if a closed directory above it hides it?
bool present(StateFiles& files, const std::string& path) {
  const auto version = files.version(path);
  return version || version.error().kind == ErrorKind::kDenied;
}

bool may_connect(const std::string& socket) {
  return ::access(socket.c_str(), R_OK | W_OK) == 0;
}

}  // namespace

std::vector<RuntimePresence> find_runtimes(const InventoryOptions& options) {
  StateFiles files(options.host_root);
  std::vector<RuntimePresence> found;
  for (const Place& place : places(options)) {
    RuntimePresence presence{place.runtime, place.directory, false, false, {}};
    presence.present = present(files, place.directory);
    presence.readable = files.list(place.directory).has_value();
    for (const std::string& socket : place.sockets) {
      if (presence.readable || !files.exists(socket)) continue;
      if (!presence.present) presence.where = socket;
      presence.present = true;
      presence.readable = may_connect(options.host_root + socket);
    }
    if (presence.present && !presence.readable) presence.remedy = place.remedy;
    found.push_back(std::move(presence));
  }
  return found;
}

}  // namespace plimsoll::inventory
