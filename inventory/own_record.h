// What the engine writes about each of its containers, for everybody who measures:
// <run>/containers/<id>.json, replaced by rename at every change, readable by the exporter's group.
//
//   {
//     "id": "<id as in the cgroup's name>",           required
//     "name": "web", "image": "debian:12", "image_id": "sha256:…",
//     "labels": {"key": "value"}, "environment": ["KEY=value"],
//     "created": "2026-01-02T03:04:05.6Z", "started": "…",    RFC 3339
//     "pid": 4711, "restart_count": 0,
//     "health": "starting" | "healthy" | "unhealthy",         absent without a health check
//     "network": "own" | "host" | "none" | "container:<id>",
//     "upper_dir": "/…/diff", "log_path": "/…", "storage_driver": "overlay"
//   }
//
// Keys may be absent; unknown ones are skipped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "inventory/identity.h"

namespace plimsoll::inventory {

struct OwnRecord {
  Identity identity;
  std::vector<std::string> environment;  // Before the allow-list.
};
// `identity` says which container is meant: another one's record is kMalformed.
[[nodiscard]] Result<OwnRecord> parse_own_record(std::string_view text, Identity identity);

}  // namespace plimsoll::inventory
