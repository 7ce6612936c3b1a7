// The description of a container that dockerd keeps as config.v2.json and that Docker and podman
// give over their sockets: one shape with small differences. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "inventory/identity.h"
#include "inventory/json_value.h"

namespace plimsoll::inventory {

// Fills `identity`, which says which container is meant: another one's description is kMalformed.
// Environment is kept for keys that begin with one of the prefixes.
[[nodiscard]] Result<Identity> read_inspect(const JsonValue& json, Identity identity,
                                            std::span<const std::string> environment_prefixes);
// "host", "none", "container:<id>", "default" of HostConfig.NetworkMode.
void read_network_mode(std::string_view mode, Identity& identity);
// The health words of State.Health; no health check at all when null.
void read_health(const JsonValue* health, Identity& identity);
// State.Running; true when the document does not say.
[[nodiscard]] bool says_running(const JsonValue& json);

// CRI-O's own answer to /containers/<id> on its socket.
[[nodiscard]] Result<Identity> read_crio_answer(const JsonValue& json, Identity identity);

}  // namespace plimsoll::inventory
