// Does a rule mean this container? Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/policy/rule.h"
#include "inventory/identity.h"

namespace plimsoll::policy {

struct Matching {
  enum class Answer : std::uint8_t {
    kNo,
    kYes,
    kUnknown  // Depends on what the runtime has not told yet.
  } answer = Answer::kNo;
  std::string why;  // Of kNo and kUnknown: "image: nginx:1.25 is not redis*".
};

// Containers and machines are matched. Services, slices, pods and bare groups only by rules whose
// `runtime` names their kind without wildcards; pods' sandboxes and the root never are. What a
// container has not (an image, a label) matches no glob, not even "*".
[[nodiscard]] Matching match(const Rule& rule, const inventory::Identity& identity);

// Whether there may be a container that both mean; false only if there is none.
[[nodiscard]] bool may_both_match(const Rule& one, const Rule& other);

}  // namespace plimsoll::policy
