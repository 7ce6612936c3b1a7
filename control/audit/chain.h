// Whether an audit log is as it was written. Pure.
//
// Each record names the hash of the one before it and ends with its own, so that a record that was
// changed, removed, added or moved breaks the chain there. What it cannot show: that the newest
// records are missing, and a forger who writes everything behind his change anew. Against both
// helps a copy of the newest hash elsewhere.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "control/audit/record.h"

namespace plimsoll::control {

struct ChainPart {
  std::size_t records = 0;
  std::optional<AuditHead> head;  // Nothing: no records.
};

// `before`: the end of the file before; nothing: the first record may follow anything. kMalformed:
// the first broken record, "line 17, record 17: ...".
[[nodiscard]] Result<ChainPart> check_chain(std::string_view text,
                                            const std::optional<AuditHead>& before);

// Where to go on writing behind `text`, whatever is wrong inside.
struct ChainEnd {
  std::optional<AuditHead> head;  // Of the last line that looks like a record.
  std::size_t torn_bytes = 0;     // Behind the last newline.
  std::size_t unreadable = 0;     // Lines behind `head`.
};
[[nodiscard]] ChainEnd find_end(std::string_view text);

}  // namespace plimsoll::control
