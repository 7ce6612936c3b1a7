// The parts of check(): each refuses with kInvalid and Docker's words.
#pragma once

#include "runtime/model/host_config.h"

namespace plimsoll::model {

[[nodiscard]] Answer<> check_config(const Config& config);
[[nodiscard]] Answer<> check_modes(const Config& config, const HostConfig& host);
[[nodiscard]] Answer<> check_mounts(const HostConfig& host);
[[nodiscard]] Answer<> check_restart(const RestartPolicy& policy);
[[nodiscard]] Answer<> check_resources(const Resources& resources);

// "80/tcp", "7000-7005/udp".
[[nodiscard]] bool is_port(std::string_view port);

}  // namespace plimsoll::model
