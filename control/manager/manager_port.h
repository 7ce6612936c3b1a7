// The seam to whoever else writes a group's control files: systemd, which writes its units' files
// anew at every daemon-reload, from what it was told. So it is told.
//
// Tests put a fake here; the real one speaks D-Bus.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "cgroupfs/limit/plan.h"

namespace plimsoll::control {

struct Unit {
  std::string name;                   // "web.service", "-.slice"
  std::optional<std::uint32_t> user;  // Whose manager it belongs to; nothing: the system's.
  bool operator==(const Unit&) const = default;
};

// Safe from every thread. Blocks as long as the manager takes, up to a deadline of its own.
class ManagerPort {
 public:
  virtual ~ManagerPort() = default;
  // Why the manager cannot be told this write ("systemd has no property for cpu.idle"); empty: it
  // can. Asked for every write of a plan to a unit's own group, before anything is written. Asks
  // nobody.
  [[nodiscard]] virtual std::string why_not(const Unit& unit, const limit::Write& write) const = 0;
  // Sets the properties, for as long as the machine runs, that make the manager write `text` into
  // `file` (names and texts as limit::Write::file and new_text have them, or an UndoWrite's).
  // Returns when the manager has written; whether the file says so is for the caller to read.
  // kDenied, kRejected (the manager refuses the value), kBusy (the deadline), kNotOffered (no such
  // unit, no bus).
  [[nodiscard]] virtual Result<> write(const Unit& unit, const std::string& file,
                                       std::string_view text) = 0;
};

}  // namespace plimsoll::control
