// What is written down about a container: config.json once it is made and whenever it is changed,
// state.json at each step of its life. Both are in STATE_DIR/containers/<id>, of which config.json
// survives a power cut, or in RUN_DIR/passing/<id> for one that removes itself, of which neither
// does (decision 0044). Execs have files of their own below RUN_DIR.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/engine/container.h"
#include "runtime/engine/places.h"
#include "runtime/engine/process.h"

namespace plimsoll::engine {

struct Stored {
  // What is half made or half removed when the program dies goes when it comes back.
  enum class Phase : std::uint8_t { kMaking, kMade, kRemoving } phase = Phase::kMaking;
  Container container;
  std::vector<Place> places;
  bool starting = false;          // Between the first step of a start and the last.
  bool manually_stopped = false;  // No policy starts it again.
};

[[nodiscard]] std::string encode_config(const Stored& stored);
[[nodiscard]] std::string encode_state(const Stored& stored);
// Strict: both are our own. The state of another run of the machine, or none, is that of a
// container that does not run.
[[nodiscard]] Result<Stored> decode_config(std::string_view text);
[[nodiscard]] Result<> decode_state(std::string_view text, Stored& stored);

// Of an exec that was begun, as long as it runs: RUN_DIR/engine/<container>/exec-<id>/exec.json.
struct StoredExec {
  std::string id;
  ExecDefinition definition;
  bool is_probe = false;
};
[[nodiscard]] std::string encode_exec(const StoredExec& exec);
[[nodiscard]] Result<StoredExec> decode_exec(std::string_view text);

// As inventory/own_record.h has it.
[[nodiscard]] std::string encode_for_measuring(const Container& container,
                                               const std::string& upper_dir,
                                               const std::string& storage_driver);

}  // namespace plimsoll::engine
