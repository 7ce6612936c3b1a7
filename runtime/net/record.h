// What is written down: networks for good, and what each container has of them until it ends.
//
// Thread: values, pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/net/networks.h"

namespace plimsoll::net {

struct NetworkRecord {
  Network network;
  bool subnet_asked = false;  // By whoever made it: then containers may ask for addresses.
  bool removed = false;       // Its bridge may be there still.
};

struct EndpointRecord {
  Endpoint endpoint;
  std::string link;  // The end outside; empty: it has no interface.
  std::vector<std::string> servers;
};

struct ContainerRecord {
  std::string container;
  std::vector<EndpointRecord> endpoints;
  std::vector<Published> published;
};

// JSON, one line. decode_*() is strict about what it knows, and skips what a later version added.
// kInvalidInput names the property.
[[nodiscard]] std::string encode(const NetworkRecord& record);
[[nodiscard]] std::string encode(const ContainerRecord& record);
[[nodiscard]] Result<NetworkRecord> decode_network(std::string_view text);
[[nodiscard]] Result<ContainerRecord> decode_container(std::string_view text);

}  // namespace plimsoll::net
