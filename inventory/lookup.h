// Which files and which socket to try for a path's facts.
#pragma once

#include <optional>
#include <string>

#include "inventory/json_value.h"
#include "inventory/record.h"

namespace plimsoll::inventory {

// Errors as of the readers; of several runtimes tried, the one that says more than "not here".
[[nodiscard]] Result<Record> look_up(Sources& sources, const PathFacts& facts);

// Has any of them changed? What is no longer there has not: the container is ending, and what was
// read last is its best description.
[[nodiscard]] bool any_changed(Sources& sources, const std::vector<Stamp>& stamps);

// The question to the socket of the runtime; none when it has no HTTP socket, or none is there.
[[nodiscard]] std::optional<Question> question_about(Sources& sources, const PathFacts& facts);
// What the answer says; kNotOffered when the runtime knows no such container.
[[nodiscard]] Result<Record> read_answer(Sources& sources, const PathFacts& facts,
                                         std::string_view body);

}  // namespace plimsoll::inventory
