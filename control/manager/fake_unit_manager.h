// For tests: a systemd that writes what it is told into a KernelPort, in its own rounding, and
// forgets on daemon-reload whatever it was not told.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/manager/unit_manager.h"

namespace plimsoll::control {

class FakeUnitManager final : public UnitManager {
 public:
  // Unit -> its group.
  explicit FakeUnitManager(std::map<std::string, std::string> units) : units_(std::move(units)) {}

  [[nodiscard]] Result<std::string> control_group(const std::string& unit) override {
    const auto found = units_.find(unit);
    if (found == units_.end()) return failure(ErrorKind::kGone, "systemd", "no such unit");
    return found->second;
  }
  [[nodiscard]] Result<> change(const std::string& unit, const UnitChange& change) override {
    told.emplace_back(unit, change);
    return on_change ? on_change(unit, change) : Result<>();
  }

  std::vector<std::pair<std::string, UnitChange>> told;
  std::function<Result<>(const std::string& unit, const UnitChange& change)> on_change;

 private:
  std::map<std::string, std::string> units_;
};

}  // namespace plimsoll::control
