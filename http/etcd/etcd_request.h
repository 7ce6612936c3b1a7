// Bodies of requests to etcd's HTTP/JSON gateway (etcd 3.4: /v3/...). Numbers of 64 bits are
// strings, keys and values base64. Pure.
#pragma once

#include <span>
#include <string>

#include "http/etcd/store.h"

namespace plimsoll::etcd {

[[nodiscard]] std::string grant_request(std::chrono::seconds ttl);
// For keepalive and revoke.
[[nodiscard]] std::string lease_request(LeaseId lease);
[[nodiscard]] std::string write_request(std::span<const KeyChange> changes, LeaseId lease);
[[nodiscard]] std::string page_request(const std::string& from, const std::string& end,
                                       std::int64_t revision, std::size_t limit);
[[nodiscard]] std::string watch_request(const std::string& from, const std::string& end,
                                        std::int64_t revision);
[[nodiscard]] std::string login_request(const std::string& user, const std::string& password);

}  // namespace plimsoll::etcd
