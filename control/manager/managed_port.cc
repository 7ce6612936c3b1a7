#include "control/manager/managed_port.h"

#include "control/manager/unit.h"

namespace plimsoll::control {

Result<> ManagedPort::write(const limit::Place& place, const std::string& file,
                            std::string_view text) {
  const auto unit = unit_of(place.cgroup);
  if (!unit || file == "cgroup.subtree_control") return kernel_.write(place, file, text);
  if (unit->uid)
    return failure(ErrorKind::kDenied, "systemd",
                   place.cgroup + " belongs to " + unit->manager() + ": systemctl --user does it");
  return in(unit->name, tell(unit->name, place, file, text));
}

Result<> ManagedPort::tell(const std::string& unit, const limit::Place& place,
                           const std::string& file, std::string_view text) {
  // systemd goes by the name: that it is still the group that the plan is about, only reading it
  // can prove.
  PLIMSOLL_TRY(kernel_.read(place, file));
  const std::string group = PLIMSOLL_TRY(manager_.control_group(unit));
  // The root slice's is "" on some versions, "/" on others.
  if (group != place.cgroup && !(group.empty() && place.cgroup == "/"))
    return failure(ErrorKind::kGone, "systemd",
                   "has the group \"" + group + "\", not " + place.cgroup);
  BandwidthV1 bandwidth;
  if (file.starts_with("cpu.cfs_")) {
    bandwidth.quota = PLIMSOLL_TRY(kernel_.read(place, "cpu.cfs_quota_us"));
    bandwidth.period = PLIMSOLL_TRY(kernel_.read(place, "cpu.cfs_period_us"));
  }
  return manager_.change(unit, PLIMSOLL_TRY(unit_change(file, text, bandwidth)));
}

}  // namespace plimsoll::control
