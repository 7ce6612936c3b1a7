// What runs in a container, as images and containers have it: Docker's `Config`, with Docker's
// names and defaults (Engine API 1.44, ContainerConfig).
//
// Thread: values.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/refusal.h"

namespace plimsoll::model {

struct Healthcheck {
  // {} inherit, {"NONE"}, {"CMD", args...}, {"CMD-SHELL", command}.
  std::vector<std::string> test;
  // Zero: the default (30 s, 30 s, 0 s, 5 s, 3).
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds timeout{};
  std::chrono::nanoseconds start_period{};
  std::chrono::nanoseconds start_interval{};
  int retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

struct Config {
  std::string hostname;
  std::string domainname;
  std::string user;
  bool attach_stdin = false;
  bool attach_stdout = false;
  bool attach_stderr = false;
  std::set<std::string> exposed_ports;  // "80/tcp"
  bool tty = false;
  bool open_stdin = false;
  bool stdin_once = false;
  std::vector<std::string> env;  // "NAME=value"
  std::optional<std::vector<std::string>> cmd;
  std::optional<Healthcheck> healthcheck;
  bool args_escaped = false;
  std::string image;  // As it was asked for: "busybox", "sha256:..."
  std::set<std::string> volumes;
  std::string working_dir;
  std::optional<std::vector<std::string>> entrypoint;
  bool network_disabled = false;
  std::string mac_address;
  std::vector<std::string> on_build;
  std::map<std::string, std::string> labels;
  std::string stop_signal;          // Empty: SIGTERM.
  std::optional<int> stop_timeout;  // Seconds; -1: wait for ever. Absent: 10.
  std::optional<std::vector<std::string>> shell;
  bool operator==(const Config&) const = default;
};

// JSON as Docker writes it. decode skips what it does not know, takes null for any list or map, and
// names the property that is wrong ("Config.StopTimeout: ...").
[[nodiscard]] std::string encode(const Config& config);
[[nodiscard]] Answer<Config> decode_config(std::string_view json);

}  // namespace plimsoll::model
