// Controllers whose resources have names only at run time: misc and rdma. A .current and a .max
// file of each look alike; in .max a value may be "max".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/number.h"
#include "cgroupfs/parse/lines.h"

namespace plimsoll::cgroupfs {

struct NamedValue {
  std::string_view device;  // rdma only: "mlx4_0".
  std::string_view name;    // "sev", "hca_handle".
  Limit<std::uint64_t> value = Limit<std::uint64_t>::none();
  bool operator==(const NamedValue&) const = default;
};

// misc.current, misc.max: "sev 2\nsev_es max\n". Linux 5.13.
class MiscLines {
 public:
  explicit MiscLines(std::string_view text) : lines_(text) {}
  [[nodiscard]] Result<std::optional<NamedValue>> next();

 private:
  Lines lines_;
};

// rdma.current, rdma.max: "mlx4_0 hca_handle=2 hca_object=max\n". Linux 4.11, v1 as well.
class RdmaLines {
 public:
  explicit RdmaLines(std::string_view text) : lines_(text) {}
  [[nodiscard]] Result<std::optional<NamedValue>> next();

 private:
  Lines lines_;
  std::string_view line_;
  std::string_view device_;
  std::string_view rest_;
};

}  // namespace plimsoll::cgroupfs
