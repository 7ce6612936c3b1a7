// `plimsoll sd`: what hosts registered in etcd, as a file for Prometheus' file_sd_configs.
#pragma once

#include "agent/command.h"

namespace plimsoll::agent {

[[nodiscard]] Command sd_command();

}  // namespace plimsoll::agent
