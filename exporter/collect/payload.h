// Containers that a runtime runs one group further down.
//
// crun, which podman and CRI-O use on cgroup v2, leaves the scope that systemd made for a container
// to systemd: processes and limits go into a group "container" below it. To everybody the scope is
// the container, by name and usage; but what it is held to stands one group further down.
#pragma once

#include <string_view>

#include "cgroupfs/read/sample.h"

namespace plimsoll::exporter {

// "/machine.slice/libpod-5f0c….scope/container": the path of the group above, which is the
// container; "" for any other path.
[[nodiscard]] std::string_view container_of_payload(std::string_view path);

// The container's own sample with what counts of its payload's: the tighter limits, and the
// counters that a kernel keeps only where the limit stands. Counters of usage include the payload
// anyway. Only for v2.
[[nodiscard]] cgroupfs::CgroupSample with_payload(cgroupfs::CgroupSample own,
                                                  const cgroupfs::CgroupSample& payload);

}  // namespace plimsoll::exporter
