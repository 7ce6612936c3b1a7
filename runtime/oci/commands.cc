#include <array>

#include "base/fill_in.h"
#include "runtime/oci/command.h"

namespace plimsoll::oci {

namespace {

constexpr std::array kCreate{
    Option{"bundle", "b", true, "directory of config.json (default: the current one)"},
    Option{"console-socket", "", true, "socket that takes the terminal"},
    Option{"pidfd-socket", "", true, "socket that takes the process's pidfd"},
    Option{"pid-file", "", true, "file for the process's id"},
    Option{"no-pivot", "", false, "cover the old root instead of changing it"},
    Option{"no-new-keyring", "", false, "keep the caller's session keyring"},
    Option{"preserve-fds", "", true, "how many descriptors from 3 on are passed on"},
};
constexpr std::array kRun{
    kCreate[0],
    kCreate[1],
    kCreate[2],
    kCreate[3],
    kCreate[4],
    kCreate[5],
    kCreate[6],
    Option{"detach", "d", false, "do not wait for its end"},
    Option{"keep", "", false, "do not delete it at its end"},
    Option{"no-subreaper", "", false, "do not adopt its orphans"},
};
constexpr std::array kExec{
    Option{"console-socket", "", true, "socket that takes the terminal"},
    Option{"pidfd-socket", "", true, "socket that takes the process's pidfd"},
    Option{"cgroup", "", true, "a group below the container's: [controller,...:]path"},
    Option{"cwd", "", true, "working directory"},
    Option{"env", "e", true, "a variable, KEY=value"},
    Option{"tty", "t", false, "with a terminal"},
    Option{"user", "u", true, "uid[:gid]"},
    Option{"additional-gids", "g", true, "a further group"},
    Option{"process", "p", true, "file with the process as JSON"},
    Option{"detach", "d", false, "do not wait for its end"},
    Option{"pid-file", "", true, "file for the process's id"},
    Option{"process-label", "", true, "SELinux label"},
    Option{"apparmor", "", true, "AppArmor profile"},
    Option{"no-new-privs", "", false, "no privileges by execve"},
    Option{"cap", "c", true, "a further capability"},
    Option{"preserve-fds", "", true, "how many descriptors from 3 on are passed on"},
    Option{"ignore-paused", "", false, "also into a paused container"},
};
constexpr std::array kEvents{
    Option{"interval", "", true, "time between figures (default: 5s)"},
    Option{"stats", "", false, "the figures once"},
};
constexpr std::array kKill{Option{"all", "a", false, "all processes of the container"}};
constexpr std::array kDelete{Option{"force", "f", false, "kill it first if it runs"}};
constexpr std::array kPs{Option{"format", "f", true, "\"table\" or \"json\""}};
constexpr std::array kList{Option{"format", "f", true, "\"table\" or \"json\""},
                           Option{"quiet", "q", false, "ids only"}};

constexpr std::array kUpdate{
    Option{"resources", "r", true, "file with the limits as JSON, - for the standard input"},
    Option{"blkio-weight", "", true, "10 to 1000"},
    Option{"cpu-period", "", true, "microseconds"},
    Option{"cpu-quota", "", true, "microseconds; -1: none"},
    Option{"cpu-burst", "", true, "microseconds"},
    Option{"cpu-share", "", true, "weight"},
    Option{"cpu-rt-period", "", true, "microseconds"},
    Option{"cpu-rt-runtime", "", true, "microseconds"},
    Option{"cpu-idle", "", true, "0 or 1"},
    Option{"cpuset-cpus", "", true, "list of CPUs"},
    Option{"cpuset-mems", "", true, "list of memory nodes"},
    Option{"memory", "", true, "bytes, or 512m; -1: none"},
    Option{"memory-reservation", "", true, "bytes"},
    Option{"memory-swap", "", true, "bytes, memory included; -1: none"},
    Option{"pids-limit", "", true, "-1: none"},
    Option{"l3-cache-schema", "", true, "not offered"},
    Option{"mem-bw-schema", "", true, "not offered"},
    // Kernel memory has no limit of its own any more: accepted, as runc does.
    Option{"kernel-memory", "", true, "obsolete, without effect"},
    Option{"kernel-memory-tcp", "", true, "obsolete, without effect"},
};

constexpr std::array kSpec{
    Option{"bundle", "b", true, "directory to write config.json to (default: the current one)"},
    Option{"rootless", "", false, "for a user who is not root"},
};

constexpr std::size_t kMany = 1'000'000;

constexpr std::array kCommands{
    Command{"create", "<container-id>", "create a container", kCreate, Order::kAnywhere, 1, 1, true,
            true, &run_create},
    Command{"delete", "<container-id>", "delete a container that has stopped", kDelete,
            Order::kAnywhere, 1, 1, false, true, &run_delete},
    Command{"events", "<container-id>", "print figures and out-of-memory events", kEvents,
            Order::kAnywhere, 1, 1, false, true, &run_events},
    Command{"exec", "<container-id> <command> [arguments]", "run a process in a container", kExec,
            Order::kFirst, 1, kMany, true, true, &run_exec},
    Command{"features",
            "",
            "print what this runtime can do",
            {},
            Order::kAnywhere,
            0,
            0,
            false,
            false,
            &run_features},
    Command{"kill", "<container-id> [signal]", "send a signal (default: SIGTERM)", kKill,
            Order::kAnywhere, 1, 2, false, true, &run_kill},
    Command{"list", "", "list containers", kList, Order::kAnywhere, 0, 0, false, true, &run_list},
    Command{"pause",
            "<container-id>",
            "freeze all processes of a container",
            {},
            Order::kAnywhere,
            1,
            1,
            false,
            true,
            &run_pause},
    Command{"ps", "<container-id>", "list the processes of a container", kPs, Order::kFirst, 1,
            kMany, false, true, &run_ps},
    Command{"resume",
            "<container-id>",
            "thaw a paused container",
            {},
            Order::kAnywhere,
            1,
            1,
            false,
            true,
            &run_resume},
    Command{"run", "<container-id>", "create and start a container", kRun, Order::kAnywhere, 1, 1,
            true, true, &run_run},
    Command{"spec", "", "write a config.json to begin with", kSpec, Order::kAnywhere, 0, 0, false,
            false, &run_spec},
    Command{"start",
            "<container-id>",
            "start a created container",
            {},
            Order::kAnywhere,
            1,
            1,
            false,
            true,
            &run_start},
    Command{"state",
            "<container-id>",
            "print the state of a container",
            {},
            Order::kAnywhere,
            1,
            1,
            false,
            true,
            &run_state},
    Command{"update", "<container-id>", "change the limits of a container", kUpdate,
            Order::kAnywhere, 1, 1, false, true, &run_update},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace plimsoll::oci
