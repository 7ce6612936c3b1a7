// Whose cgroup is this? Path patterns tell the kind; the runtimes' own state files on disk tell the
// rest; the runtime's socket is asked only when the files cannot be read. No daemon needs to be up
// and none is polled.
//
// Identities are cached by cgroup serial. Metadata that is not there yet is looked for again with
// back-off, for ever: no container stays nameless because it was seen early, or because its runtime
// started after us. Called from the sampler thread only; never blocks on a daemon: a socket
// question goes through `ask`, which the owner answers from another thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "cgroupfs/tree/tree.h"
#include "inventory/ending.h"
#include "inventory/identity.h"

namespace plimsoll::inventory {

// An HTTP GET on a runtime's unix socket, answered later (or never): delivered through
// Inventory::answer().
struct Question {
  std::uint64_t serial = 0;  // The cgroup it is about.
  std::string socket;        // "/run/docker.sock", below host_root: ready to connect to.
  std::string target;        // "/containers/<id>/json"
};
using Ask = std::function<void(Question)>;

struct InventoryOptions {
  // Prefix of every path below ("" natively, "/host" when the host's root is mounted there).
  std::string host_root;
  std::string docker_root = "/var/lib/docker";
  std::string docker_run = "/run/docker";
  std::vector<std::string> docker_sockets = {"/run/docker.sock", "/var/run/docker.sock"};
  std::string containers_storage = "/var/lib/containers/storage";  // podman, CRI-O (rootful).
  std::string containers_run = "/run/containers/storage";
  std::vector<std::string> podman_sockets = {"/run/podman/podman.sock"};
  // Rootless podman keeps <home>/.local/share/containers/storage; homes are found from /etc/passwd.
  std::string passwd = "/etc/passwd";
  std::string rootless_run = "/run/user";  // <rootless_run>/<uid>/podman/podman.sock
  std::string containerd_run = "/run/containerd";
  std::string crio_run = "/run/crio";
  std::string libpod_run = "/run/libpod";
  std::string lxc_root = "/var/lib/lxc";
  std::string machines_run = "/run/systemd/machines";
  std::vector<std::string> plimsoll_runs = {"/run/plimsoll"};  // Of each engine on the host.
  // Environment variables whose names begin with one of these are kept; none by default.
  std::vector<std::string> environment_prefixes;
  std::chrono::nanoseconds first_retry = std::chrono::milliseconds(200);  // Doubles ...
  std::chrono::nanoseconds last_retry = std::chrono::seconds(30);  // ... up to this, for ever.
  // Complete identities are checked for changes (rename, health, restart count) this often by their
  // record's mtime.
  std::chrono::nanoseconds refresh = std::chrono::seconds(5);
};

struct InventoryStats {
  std::size_t pending = 0;      // Containers whose metadata is not there yet, now.
  std::size_t unreadable = 0;   // ... is there but may not be read.
  std::uint64_t lookups = 0;    // Records read since the start.
  std::uint64_t checks = 0;     // Records looked at for a change (stat) since the start.
  std::uint64_t questions = 0;  // Asked of sockets since the start.
  std::uint64_t failures = 0;   // Records that did not parse.
};

// What a runtime looks like from here, for `plimsoll doctor`.
struct RuntimePresence {
  Runtime runtime = Runtime::kDocker;
  std::string where;     // "/var/lib/docker"
  bool present = false;  // The state directory or socket exists.
  bool readable = false;
  std::string remedy;  // What to do when present but not readable.
};

class Inventory {
 public:
  // `proc` is the host's /proc. The references must outlive the inventory.
  [[nodiscard]] static std::unique_ptr<Inventory> create(const DirFd& proc, const Clock& clock,
                                                         InventoryOptions options, Ask ask = {});
  virtual ~Inventory() = default;

  // The identity now, never null. Cheap when cached and nothing is due.
  [[nodiscard]] virtual IdentityPtr identify(const cgroupfs::Cgroup& cgroup) = 0;
  virtual void forget(std::uint64_t serial) = 0;
  // How the container ended; nothing while it runs, or its runtime has not written it (yet).
  [[nodiscard]] virtual std::optional<Ending> ending_of(const Identity& identity) = 0;
  // The body that a question's socket gave.
  virtual void answer(const Question& question, const Result<std::string>& body) = 0;
  [[nodiscard]] virtual InventoryStats stats() const = 0;
};

[[nodiscard]] std::vector<RuntimePresence> find_runtimes(const InventoryOptions& options);

// Pure: kind, id and what the path alone says. Used by identify() and by tests.
[[nodiscard]] Identity classify(std::string_view cgroup_path);

}  // namespace plimsoll::inventory
