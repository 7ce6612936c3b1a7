// Whether the name a client used for us is one of ours. A web page can make a browser on this host
// send requests to 127.0.0.1 under a name of the page's own (DNS rebinding), and read the answers;
// it cannot make the browser say "localhost". Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/door.h"

namespace plimsoll::http {

class HostRule {
 public:
  // Further names, without ports; "*" accepts all.
  explicit HostRule(const std::vector<std::string>& allowed);

  // `host` is the Host header: "localhost:7546". Doors that are not loopback accept every name:
  // what can be reached from elsewhere is protected by passwords or certificates, not by this.
  [[nodiscard]] bool accepts(std::string_view host, const Door& door) const;

 private:
  std::vector<std::string> allowed_;  // In lower case.
};

// "Localhost.:7546" -> "localhost"; "[::1]:80" -> "::1".
[[nodiscard]] std::string name_in_host(std::string_view host);

}  // namespace plimsoll::http
