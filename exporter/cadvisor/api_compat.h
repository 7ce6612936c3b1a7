// How closely cAdvisor is followed.
#pragma once

#include <cstdint>

namespace plimsoll::exporter {

enum class ApiCompat : std::uint8_t {
  kFixed,  // Shapes and names are cAdvisor's, values known to be wrong there are right, errors have
           // the status they deserve.
  kStrict  // Values as cAdvisor has them, every error 500 (--compat=strict).
};

}  // namespace plimsoll::exporter
