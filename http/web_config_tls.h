// The section tls_server_config. Internal to the parsing of the web config.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/web_config.h"
#include "http/yaml_section.h"

namespace plimsoll::http {

// Nothing when the section asks for no TLS.
[[nodiscard]] Result<std::optional<TlsSettings>> read_tls(const Place& place,
                                                          std::vector<std::string>& warnings);

}  // namespace plimsoll::http
