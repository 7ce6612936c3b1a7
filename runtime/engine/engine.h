// The containers of this host that are ours: created from images, kept alive, reachable, observed.
// The facade that Docker's API (runtime/docker), the command line and tests use.
//
// Every container's record lies on disk before anything of it exists elsewhere, and is removed
// after everything else is: after a death at any point open() finds or removes the rest, takes up
// what runs (each container has its keeper, `plimsoll-shim`), and learns the exit codes of what
// ended.
//
// Thread: all methods from any thread. Those that change one container exclude each other, one
// container at a time; they may block as long as the thing takes (stop: until it has ended).
// Containers are named by full id, exact name, or a unique beginning of the id.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "runtime/engine/container.h"
#include "runtime/engine/process.h"
#include "runtime/image/store.h"
#include "runtime/model/host_config.h"
#include "runtime/model/refusal.h"
#include "runtime/net/networks.h"

namespace plimsoll::engine {

struct Created {
  std::string id;
  std::vector<std::string> warnings;
};

enum class WaitFor : std::uint8_t { kNotRunning, kNextExit, kRemoved };
struct WaitResult {
  std::int64_t status_code = 0;
  std::string error;
};

struct Event {
  std::string type;    // "container", "image", "network", "volume", "daemon"
  std::string action;  // "start", "exec_create: ls -l"
  std::string id;
  std::map<std::string, std::string> attributes;
  WallTime at;
};

struct Volume {
  std::string name;
  std::string driver = "local";
  std::string mountpoint;
  std::string created;  // RFC 3339.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> options;
  bool anonymous = false;
};

struct Top {
  std::vector<std::string> titles;
  std::vector<std::vector<std::string>> processes;
};

// Somebody who has a say in what a container may use. Made before anything of the container's run
// is there and destroyed when it runs, or has failed to; all on the thread that starts it.
class StartWatcher {
 public:
  virtual ~StartWatcher() = default;
  // Its groups are there (`container.cgroup`), and its process has not executed anything yet. It
  // goes on when this returns; may block.
  virtual void before_first_instruction(const Container& container) = 0;
};

struct Options {
  std::string state_dir;  // /var/lib/plimsoll: images, containers, volumes.
  std::string run_dir;    // /run/plimsoll: what a reboot ends.
  std::string shim;       // The programs beside ours.
  std::string oci;
  std::string storage_driver;
  image::RegistryOptions registries;
  std::string cgroup_parent;  // "/plimsoll", or a slice with the systemd manager.
  bool systemd_cgroups = false;
  bool live_networks = true;  // False: no bridge, only `host` and `none` (no rights for more).
  // For each start of a container, also by its restart policy; may be empty, or give null.
  std::function<std::unique_ptr<StartWatcher>(const std::string& id)> watch_start;
  net::Options net;  // Directories are filled in by open().
};

class Engine {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Engine>> open(Options options);
  virtual ~Engine() = default;  // Containers go on.
  [[nodiscard]] virtual const Options& options() const = 0;
  [[nodiscard]] virtual image::Store& images() = 0;
  [[nodiscard]] virtual net::Networks& networks() = 0;

  // --- Looking. ---
  [[nodiscard]] virtual std::vector<ContainerPtr> containers() const = 0;  // Newest first.
  // kNotFound: "No such container: x".
  [[nodiscard]] virtual model::Answer<ContainerPtr> find(std::string_view reference) const = 0;

  // --- Life. ---
  // `name` empty: one is made up. kConflict: the name is taken, in Docker's words.
  [[nodiscard]] virtual model::Answer<Created> create(const std::string& name,
                                                      model::Definition definition) = 0;
  // kNotModified: it runs. What cannot be executed is kInvalid, with runc's words.
  [[nodiscard]] virtual model::Answer<> start(std::string_view reference) = 0;
  // Seconds absent: the container's own; -1: never by force. Returns when it has ended.
  [[nodiscard]] virtual model::Answer<> stop(std::string_view reference, std::optional<int> seconds,
                                             const std::string& signal) = 0;
  [[nodiscard]] virtual model::Answer<> restart(std::string_view reference,
                                                std::optional<int> seconds,
                                                const std::string& signal) = 0;
  [[nodiscard]] virtual model::Answer<> kill(std::string_view reference,
                                             const std::string& signal) = 0;
  [[nodiscard]] virtual model::Answer<> pause(std::string_view reference) = 0;
  [[nodiscard]] virtual model::Answer<> unpause(std::string_view reference) = 0;
  [[nodiscard]] virtual model::Answer<> rename(std::string_view reference,
                                               const std::string& name) = 0;
  struct RemoveOptions {
    bool force = false;
    bool volumes = false;
    bool link = false;
  };
  [[nodiscard]] virtual model::Answer<> remove(std::string_view reference,
                                               RemoveOptions options) = 0;
  // Warnings. Limits of a running container go through the limit planner: all or none.
  [[nodiscard]] virtual model::Answer<std::vector<std::string>> update(
      std::string_view reference, const model::UpdateRequest& request) = 0;
  // `done` is called once, from any thread, maybe before this returns. The answer cancels when
  // dropped.
  [[nodiscard]] virtual model::Answer<std::shared_ptr<void>> wait(
      std::string_view reference, WaitFor what, std::function<void(WaitResult)> done) = 0;

  // --- Talking to processes. ---
  // Also of a container that is created and not started: what its start brings is not missed.
  [[nodiscard]] virtual model::Answer<std::shared_ptr<Input>> attach(std::string_view reference,
                                                                     AttachOptions options,
                                                                     Output output) = 0;
  [[nodiscard]] virtual model::Answer<> resize(std::string_view reference, unsigned height,
                                               unsigned width) = 0;
  // `output` gets whole lines until the end, or until the answer is dropped. Follows at no cost
  // while nothing is said.
  [[nodiscard]] virtual model::Answer<std::shared_ptr<void>> logs(std::string_view reference,
                                                                  LogOptions options,
                                                                  Output output) = 0;
  [[nodiscard]] virtual model::Answer<std::string> exec_create(std::string_view reference,
                                                               ExecDefinition definition) = 0;
  // `output` without `write`: detached. A start that fails is the refusal when detached; else it is
  // said through `output`, and the exit code is 126 or 127.
  [[nodiscard]] virtual model::Answer<std::shared_ptr<Input>> exec_start(const std::string& exec_id,
                                                                         bool tty,
                                                                         Output output) = 0;
  [[nodiscard]] virtual model::Answer<> exec_resize(const std::string& exec_id, unsigned height,
                                                    unsigned width) = 0;
  [[nodiscard]] virtual model::Answer<Exec> exec_find(const std::string& exec_id) const = 0;
  [[nodiscard]] virtual model::Answer<Top> top(std::string_view reference,
                                               const std::string& ps_arguments) const = 0;

  // --- Images with a configuration; all else of them is images(). ---
  // A tree as an image; its id. `changes`: lines of a Dockerfile.
  struct ImportRequest {
    std::string reference;  // "repo:tag"; empty: none.
    std::string message;
    std::vector<std::string> changes;
  };
  [[nodiscard]] virtual model::Answer<std::string> import_tree(const Fd& archive,
                                                               const ImportRequest& request,
                                                               const image::Report& report) = 0;

  // --- Its file system. ---
  // The tree as the container sees it, volumes included; mounted while the answer lives.
  struct Tree {
    DirFd root;
    std::shared_ptr<void> hold;
  };
  [[nodiscard]] virtual model::Answer<Tree> tree(std::string_view reference) = 0;
  // Whose files of the container's user are, by the tree's own passwd and group.
  struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  [[nodiscard]] virtual model::Answer<Owner> owner_in(const Tree& tree,
                                                      const std::string& user) const = 0;
  struct CommitRequest {
    std::string reference;  // "repo:tag"
    std::string author;
    std::string comment;
    std::vector<std::string> changes;  // Lines of a Dockerfile.
    bool pause = true;
    std::optional<model::Config> config;  // Over the container's own.
  };
  [[nodiscard]] virtual model::Answer<std::string> commit(std::string_view reference,
                                                          const CommitRequest& request) = 0;

  // --- Networks of containers, running or not. ---
  [[nodiscard]] virtual model::Answer<> connect(std::string_view network,
                                                std::string_view container,
                                                const model::EndpointConfig& endpoint) = 0;
  [[nodiscard]] virtual model::Answer<> disconnect(std::string_view network,
                                                   std::string_view container, bool force) = 0;
  [[nodiscard]] virtual model::Answer<> remove_network(std::string_view network) = 0;

  // --- Volumes. ---
  [[nodiscard]] virtual std::vector<Volume> volumes() const = 0;
  [[nodiscard]] virtual model::Answer<Volume> find_volume(std::string_view name) const = 0;
  [[nodiscard]] virtual model::Answer<Volume> create_volume(Volume asked) = 0;  // Idempotent.
  [[nodiscard]] virtual model::Answer<> remove_volume(std::string_view name, bool force) = 0;
  [[nodiscard]] virtual std::vector<std::string> users_of_volume(std::string_view name) const = 0;
  [[nodiscard]] virtual std::uint64_t volume_size(std::string_view name) const = 0;

  // --- What happened. ---
  // The backlog (256) from `since` on comes first. `heard` is called from one thread of the
  // engine's; it must not block. `caught_up`, if there is one, is called there after the backlog.
  // The answer unsubscribes when dropped.
  [[nodiscard]] virtual std::shared_ptr<void> listen(std::optional<WallTime> since,
                                                     std::function<void(const Event&)> heard,
                                                     std::function<void()> caught_up) = 0;
  // For what others do on behalf of the API: image and network events.
  virtual void tell(Event event) = 0;
};

}  // namespace plimsoll::engine
