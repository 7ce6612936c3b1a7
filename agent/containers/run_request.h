// `plimsoll run`'s flags, and what they ask the engine for. Names and meanings are docker's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/command.h"
#include "base/error.h"

namespace plimsoll::agent {

struct RunFlags {
  std::string name;
  bool detach = false;
  bool interactive = false;
  bool tty = false;
  bool remove = false;
  std::vector<std::string> env;
  std::vector<std::string> env_files;
  std::vector<std::string> publish;
  bool publish_all = false;
  std::vector<std::string> volumes;
  std::vector<std::string> tmpfs;
  std::vector<std::string> labels;
  std::string workdir;
  std::string user;
  std::optional<std::string> entrypoint;
  std::string hostname;
  std::string network;
  std::vector<std::string> network_aliases;
  std::vector<std::string> add_hosts;
  std::vector<std::string> dns;
  std::string restart;
  std::string memory;
  std::string memory_swap;
  std::string memory_reservation;
  std::string cpus;
  std::string cpu_shares;
  std::string cpuset_cpus;
  std::string pids_limit;
  std::string shm_size;
  std::vector<std::string> ulimits;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_opt;
  std::vector<std::string> devices;
  std::vector<std::string> sysctls;
  bool privileged = false;
  bool read_only = false;
  bool init = false;
  std::string stop_signal;
  std::string stop_timeout;
  std::string pid;
  std::string ipc;
  std::string log_driver;
  std::vector<std::string> log_options;
  std::string health_cmd;
  bool no_healthcheck = false;
  std::string pull = "missing";
  std::vector<std::string> words;  // IMAGE [COMMAND...]
};

// Their options on the command line, bound to `flags`.
[[nodiscard]] std::vector<Option> run_options(RunFlags& flags);

// The body of containers/create. kInvalidInput names the flag. Reads the files of --env-file and,
// for "--env NAME", this program's environment.
[[nodiscard]] Result<std::string> run_request(const RunFlags& flags);

// "64m", "1.5g", "512k", "1024": bytes. kInvalidInput with `flag`.
[[nodiscard]] Result<std::int64_t> size_of(const char* flag, const std::string& text);

struct PortFlag {
  std::string host_ip;
  std::string host_port;       // "", "8080", "8000-8003"
  std::string container_port;  // "80", or "80-83"
  std::string protocol = "tcp";
};
// "80", "8080:80", "127.0.0.1:8080:80/udp", "[::1]:8080:80", "8000-8003:80-83".
[[nodiscard]] Result<PortFlag> parse_port(const std::string& text);

}  // namespace plimsoll::agent
