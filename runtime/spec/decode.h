// config.json and its parts to types, strictly: a value of the wrong type, out of range, unknown
// where the specification closes the set, or impossible beside another is kInvalidInput, and the
// subject begins with its JSON pointer: "/linux/namespaces/2/type: ...". Unknown properties are
// skipped, as the specification demands ("Extensibility", config.md).
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/spec/config.h"

namespace plimsoll::spec {

struct Decoded {
  Config config;
  std::vector<std::string> warnings;  // What was accepted and has no effect, pointer first.
};

[[nodiscard]] Result<Decoded> decode(std::string_view text);
// What `exec --process` is given, and `update --resources`.
[[nodiscard]] Result<Process> decode_process(std::string_view text);
[[nodiscard]] Result<Resources> decode_resources(std::string_view text);

}  // namespace plimsoll::spec
