// For tests: rows as a host would have them.
#pragma once

#include <string>

#include "agent/stats/row.h"

namespace plimsoll::agent {

inline std::string hex_id(char digit) {
  return std::string(64, digit);
}

inline StatsRow docker_row(std::string name, char digit) {
  StatsRow row;
  row.id = hex_id(digit);
  row.name = std::move(name);
  row.runtime = "docker";
  row.image = "nginx:1.25";
  row.cgroup = "/docker/" + row.id;
  row.container = row.id.substr(0, 12);
  row.is_container = true;
  row.created = WallTime(std::chrono::seconds(1'763'681'581));
  row.machine_memory = std::uint64_t{8'232'402'944};
  return row;
}

inline StatsRow busy_row(std::string name, char digit) {
  StatsRow row = docker_row(std::move(name), digit);
  row.cpu_cores = 1.2345;
  row.cpu_ns = 61'500'000'000;
  row.cpu_system_ns = 1'500'000'000;
  row.memory = std::uint64_t{95'367'432};
  row.memory_limit = Limit<std::uint64_t>(std::uint64_t{1} << 30);
  row.net_rx = 2'230'000;
  row.net_tx = 90;
  row.block_read = 1'500;
  row.block_write = 2'500'000;
  row.pids = 7;
  row.pids_limit = Limit<std::uint64_t>(100);
  row.cpu_limit = Limit<double>(1.5);
  row.throttled = 0.125;
  row.psi_cpu = 0.5;
  row.psi_memory = 0;
  row.psi_io = 0.0123;
  row.oom_kills = 2;
  return row;
}

inline StatsRow unit_row(std::string name) {
  StatsRow row;
  row.id = name;
  row.cgroup = "/system.slice/" + name;
  row.container = name;
  row.name = std::move(name);
  row.runtime = "systemd";
  row.memory = std::uint64_t{10} << 20;
  return row;
}

}  // namespace plimsoll::agent
