#include "agent/containers/run_request.h"

namespace plimsoll::agent {

std::vector<Option> run_options(RunFlags& flags) {
  const std::string limits = "Limits";
  const std::string security = "Security";
  const std::string network = "Network";
  return {
      {"--name", &flags.name, "The container's name; one is made up without it", "NAME", ""},
      {"-d,--detach", &flags.detach, "Leave it running and print its id", "", ""},
      {"-i,--interactive", &flags.interactive, "It reads what is typed here", "", ""},
      {"-t,--tty", &flags.tty, "It has a terminal", "", ""},
      {"--rm", &flags.remove, "Remove it when it ends", "", ""},
      {"-e,--env", &flags.env, "A variable; a name alone has the value it has here", "NAME[=VALUE]",
       ""},
      {"--env-file", &flags.env_files, "Variables, one a line", "FILE", ""},
      {"-v,--volume", &flags.volumes, "A directory, file or named volume in it",
       "[SOURCE:]TARGET[:ro]", ""},
      {"--tmpfs", &flags.tmpfs, "An empty directory in memory", "TARGET[:OPTIONS]", ""},
      {"-w,--workdir", &flags.workdir, "Where the program starts", "DIR", ""},
      {"-u,--user", &flags.user, "Who it is", "USER[:GROUP]", ""},
      {"--entrypoint", &flags.entrypoint, "Instead of the image's", "PROGRAM", ""},
      {"--hostname", &flags.hostname, "Its own name for its host", "NAME", ""},
      {"-l,--label", &flags.labels, "For those who look for it", "NAME=VALUE", ""},
      {"--restart", &flags.restart, "When it ends: no, always, unless-stopped, on-failure[:N]",
       "POLICY", ""},
      {"--init", &flags.init, "A first process that reaps the others", "", ""},
      {"--stop-signal", &flags.stop_signal, "What asks it to end (SIGTERM)", "SIGNAL", ""},
      {"--stop-timeout", &flags.stop_timeout, "How long it may take to end (10)", "SECONDS", ""},
      {"--health-cmd", &flags.health_cmd, "A command that says whether it is well", "COMMAND", ""},
      {"--no-healthcheck", &flags.no_healthcheck, "Not even the image's", "", ""},
      {"--log-driver", &flags.log_driver, "json-file or none", "DRIVER", ""},
      {"--log-opt", &flags.log_options, "max-size=10m, max-file=3", "NAME=VALUE", ""},
      {"--pull", &flags.pull, "Fetch the image: missing, always, never", "WHEN", ""},
      {"-m,--memory", &flags.memory, "Memory at most", "BYTES", limits},
      {"--memory-swap", &flags.memory_swap, "Memory and swap at most; -1: any", "BYTES", limits},
      {"--memory-reservation", &flags.memory_reservation, "Memory that is left to it in need",
       "BYTES", limits},
      {"--cpus", &flags.cpus, "Processors at most", "N", limits},
      {"-c,--cpu-shares", &flags.cpu_shares, "Weight against others (1024)", "N", limits},
      {"--cpuset-cpus", &flags.cpuset_cpus, "Which processors", "LIST", limits},
      {"--pids-limit", &flags.pids_limit, "Processes at most", "N", limits},
      {"--ulimit", &flags.ulimits, "Limits of each process", "NAME=SOFT[:HARD]", limits},
      {"--shm-size", &flags.shm_size, "Of /dev/shm (64m)", "BYTES", limits},
      {"-p,--publish", &flags.publish, "A port of the host that leads to one of it",
       "[[IP:]HOST:]CONTAINER[/udp]", network},
      {"-P,--publish-all", &flags.publish_all, "All ports that the image names, on free ones", "",
       network},
      {"--network", &flags.network, "bridge, host, none, container:NAME, or a network's name",
       "NETWORK", network},
      {"--network-alias", &flags.network_aliases, "A further name in its network", "NAME", network},
      {"--add-host", &flags.add_hosts, "A line of its /etc/hosts", "NAME:ADDRESS", network},
      {"--dns", &flags.dns, "Who resolves names", "ADDRESS", network},
      {"--cap-add", &flags.cap_add, "A capability more", "CAP", security},
      {"--cap-drop", &flags.cap_drop, "One less; ALL: none", "CAP", security},
      {"--security-opt", &flags.security_opt, "no-new-privileges, seccomp=unconfined, seccomp=FILE",
       "OPTION", security},
      {"--privileged", &flags.privileged, "All of the host's devices and rights", "", security},
      {"--read-only", &flags.read_only, "Its root cannot be written", "", security},
      {"--device", &flags.devices, "A device of the host", "HOST[:CONTAINER[:rwm]]", security},
      {"--sysctl", &flags.sysctls, "A kernel setting of its namespaces", "NAME=VALUE", security},
      {"--pid", &flags.pid, "host, or container:NAME: whose processes it sees", "MODE", security},
      {"--ipc", &flags.ipc, "host, private, shareable, container:NAME", "MODE", security},
  };
}

}  // namespace plimsoll::agent
