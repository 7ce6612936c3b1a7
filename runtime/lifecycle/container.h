// The operations on containers, as runc has them: each finds all it needs in the state directory
// and in the kernel, so that none depends on a process that an earlier one left behind.
//
// Errors carry runc's words in `subject`: engines look for some of them.
// Thread: one at a time in a process (launching enters namespaces for a moment).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "runtime/cgroup/container_cgroup.h"
#include "runtime/launch/act.h"
#include "runtime/spec/config.h"
#include "runtime/state/record.h"
#include "runtime/state/store.h"

namespace plimsoll::runtime {

struct Host {
  state::Store store;
  CgroupManager manager = CgroupManager::kFiles;
};
[[nodiscard]] Result<Host> open_host(const std::string& path, CgroupManager manager);

enum class Status : std::uint8_t { kCreating, kCreated, kRunning, kPaused, kStopped };
[[nodiscard]] const char* name_of(Status status);

struct View {
  state::Record record;
  Status status{};
};
[[nodiscard]] Result<View> look(const Host& host, const std::string& id);
// All containers, by id. What cannot be read is left out, with its error.
struct Listing {
  std::vector<View> views;
  std::vector<Error> errors;
};
[[nodiscard]] Result<Listing> look_at_all(const Host& host);
// As `state` prints it, and as hooks are told it.
[[nodiscard]] std::string state_text(const View& view);
[[nodiscard]] std::string hook_state_text(const View& view, Status status, pid_t pid);

struct CreateOptions {
  std::string id;
  std::string bundle;  // Absolute.
  std::string pid_file;
  std::string console_socket;
  std::string pidfd_socket;
  bool pivot = true;
  bool new_keyring = true;
  int preserved_fds = 0;
  bool terminal_here = false;  // No console socket: the other end comes back in Started.
};

// A process that this program watches over itself.
struct Started {
  pid_t pid = 0;
  Fd pidfd;
  Fd terminal;  // The other end of its terminal, if it has one and nobody else took it.
};

[[nodiscard]] Result<> create(const Host& host, const CreateOptions& options);
[[nodiscard]] Result<Started> create_and_start(const Host& host, const CreateOptions& options);
[[nodiscard]] Result<> start(const Host& host, const std::string& id);

enum class Whom : bool { kInit, kAll };
[[nodiscard]] Result<> kill(const Host& host, const std::string& id, int signal, Whom whom);
enum class Force : bool { kNo, kYes };
[[nodiscard]] Result<> remove(const Host& host, const std::string& id, Force force);

struct ExecOptions {
  std::string id;
  std::optional<spec::Process> process;  // Else the container's own, changed by what follows.
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<spec::User> user;
  std::vector<std::uint32_t> additional_gids;
  std::uint64_t extra_capabilities = 0;
  std::optional<bool> terminal;
  std::optional<bool> no_new_privileges;
  std::string apparmor_profile;
  std::string selinux_label;
  std::string pid_file;
  std::string console_socket;
  std::string pidfd_socket;
  std::vector<std::string> cgroups;  // Below the container's: "path", or "controller,...:path".
  int preserved_fds = 0;
  bool terminal_here = false;
  bool ignore_paused = false;
};
[[nodiscard]] Result<Started> exec(const Host& host, const ExecOptions& options);

[[nodiscard]] Result<> pause(const Host& host, const std::string& id);
[[nodiscard]] Result<> resume(const Host& host, const std::string& id);
[[nodiscard]] Result<> update(const Host& host, const std::string& id,
                              const spec::Resources& resources);
[[nodiscard]] Result<std::vector<pid_t>> processes(const Host& host, const std::string& id);

}  // namespace plimsoll::runtime
