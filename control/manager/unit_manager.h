// The seam to systemd: what is asked of it, and what it is told. SystemdManager is the real one,
// tests put a fake here.
#pragma once

#include <string>

#include "base/error.h"
#include "control/manager/properties.h"

namespace plimsoll::control {

// Safe from every thread. Blocks as long as systemd does: never call it on an event loop. Errors:
// kGone, there is no such unit; kDenied; kRejected, it does not take the value; kBusy, it did not
// answer in time; kNotOffered, it does not know the property; kIo, nobody to talk to.
class UnitManager {
 public:
  virtual ~UnitManager() = default;
  // The unit's group as systemd has it; "" while it has none.
  [[nodiscard]] virtual Result<std::string> control_group(const std::string& unit) = 0;
  // Until the next boot (`systemctl set-property --runtime`): daemon-reload and restarts of the
  // unit keep it. When this returns, systemd has written its control files, or failed to.
  [[nodiscard]] virtual Result<> change(const std::string& unit, const UnitChange& change) = 0;
};

}  // namespace plimsoll::control
