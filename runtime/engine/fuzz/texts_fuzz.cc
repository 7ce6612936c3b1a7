// Texts of others that the engine reads: logs, passwd files, binds, lines of Dockerfiles.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/engine/dockerfile_changes.h"
#include "runtime/engine/logs.h"
#include "runtime/engine/places.h"
#include "runtime/engine/user.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(engine::parse_log_line(text));
  static_cast<void>(engine::parse_bind(text));
  static_cast<void>(engine::tmpfs_place("/run", text));
  const std::size_t line = text.find('\n');
  const std::string first = text.substr(0, line);
  const std::string rest = line == std::string::npos ? "" : text.substr(line + 1);
  static_cast<void>(engine::find_user(first, {"more"}, rest, rest));
  model::Config config;
  static_cast<void>(engine::apply_changes({text}, config));
  return 0;
}
