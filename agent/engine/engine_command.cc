#include "agent/engine/engine_command.h"

#include <cstdio>
#include <memory>

#include "agent/engine/engine.h"
#include "agent/exit_code.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kDetails =
    "Root, the members of --control-group (may change) and of --read-group (may look) reach it on\n"
    "its socket. Several engines may run side by side, each with directories of its own.\n\n"
    "SIGTERM ends it; changes that are under way come to their end first. Limits stay in force.\n\n"
    "Examples:\n"
    "  plimsoll engine\n"
    "  plimsoll engine --run-dir /run/lab --state-dir /var/lib/lab\n"
    "  curl --unix-socket /run/plimsoll/plimsoll.sock http://localhost/plimsoll/v1/limits\n";

struct Flags {
  EngineConfig config;
  std::string host_root;
  std::string log_level = "info";
};

int run(const std::shared_ptr<Flags>& flags) {
  const auto level = log::level_named(flags->log_level);
  if (!level) {
    std::fputs("plimsoll engine: --log.level: give debug, info, warn or error\n", stderr);
    return kExitUsage;
  }
  EngineConfig config = flags->config;
  config.log_level = *level;
  if (flags->host_root != "/") config.machine.inventory.host_root = flags->host_root;
  return run_engine(std::move(config));
}

}  // namespace

Command engine_command() {
  const auto flags = std::make_shared<Flags>();
  EngineConfig& config = flags->config;
  inventory::InventoryOptions& inventory = config.machine.inventory;
  Command command;
  command.name = "engine";
  command.summary = "Keep and change the limits of this host's containers";
  command.details = kDetails;
  command.options = {
      {"--socket", &config.socket, "Where to listen (default RUN_DIR/plimsoll.sock)", "PATH"},
      {"--state-dir", &config.state_dir,
       "Journal and audit log; one engine at a time (default /var/lib/plimsoll)", "DIR"},
      {"--run-dir", &config.run_dir, "What does not outlive a boot (default /run/plimsoll)", "DIR"},
      {"--policy-dir", &config.policy_dir,
       "Policies, read again on SIGHUP (default /etc/plimsoll/policy.d)", "DIR"},
      {"--control-group", &config.control_group,
       "Whose members may change limits (default plimsoll); \"\": root alone", "NAME"},
      {"--read-group", &config.read_group,
       "Whose members may look at them (default plimsoll-read); \"\": nobody else", "NAME"},
      {"--cgroup-root", &config.machine.cgroup_root,
       "Where the host's cgroups are (default /sys/fs/cgroup)", "DIR"},
      {"--proc-root", &config.machine.proc_root, "Where the host's /proc is", "DIR"},
      {"--sys-root", &config.machine.sys_root, "Where the host's /sys is", "DIR"},
      {"--host-root", &flags->host_root,
       "Where the host's / is mounted (for runtimes' state files)", "DIR"},
      {"--docker-root", &inventory.docker_root, "Docker's data root", "DIR"},
      {"--containers-storage", &inventory.containers_storage, "podman's and CRI-O's storage",
       "DIR"},
      {"--containerd-run", &inventory.containerd_run, "containerd's state directory", "DIR"},
      {"--events.webhook", &config.events.webhooks,
       "POST every event to this URL: http://HOST:PORT/PATH, https://..., unix:PATH:/PATH "
       "(repeatable)",
       "URL"},
      {"--events.exec", &config.events.hooks,
       "Run this program for every event, with its JSON on standard input (repeatable)", "PATH"},
      {"--events.journal", &config.events.journal, "Write every event to systemd's journal", ""},
      {"--kernel-log", &config.events.kernel_log,
       "Where the kernel's log is read for OOM kills (default /dev/kmsg); \"\": nowhere, counters "
       "serve alone",
       "PATH"},
      {"--log.level", &flags->log_level, "debug, info, warn or error (default info)", "LEVEL"}};
  command.run = [flags] { return run(flags); };
  return command;
}

}  // namespace plimsoll::agent
