// What stands in a container's /etc/hosts and /etc/resolv.conf; links of the default bridge. Pure,
// but for the host's own files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/container.h"
#include "runtime/net/networks.h"

namespace plimsoll::engine {

struct Link {
  std::string container;
  std::string alias;
};
// "web:alias", "web", "/web:/me/alias".
[[nodiscard]] Link parse_link(const std::string& text);
// WEB_NAME, WEB_PORT, WEB_PORT_80_TCP_ADDR, WEB_ENV_...
[[nodiscard]] std::vector<std::string> variables_of(const Link& link, const Container& container,
                                                    const Container& other);

struct EtcRequest {
  const Container* container = nullptr;
  std::vector<net::Endpoint> endpoints;
  net::Resolving resolving;
  std::vector<std::pair<Link, ContainerPtr>> linked;
  bool is_host = false;  // The host's own network: its files, and what was added.
};
[[nodiscard]] std::string hosts_text(const EtcRequest& request);
[[nodiscard]] std::string resolv_conf_text(const EtcRequest& request);

}  // namespace plimsoll::engine
