// Whatever the text of a config file: taking it ends, and what is wrong has a reason.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "agent/engine/config_file.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  agent::EngineSettings settings;
  const auto table = agent::settings_of(settings);
  const auto problems =
      agent::take_config("x.yaml", {reinterpret_cast<const char*>(data), size}, table);
  for (const policy::Problem& problem : problems) PLIMSOLL_CHECK(!problem.what.empty());
  if (problems.empty()) PLIMSOLL_CHECK(log::level_named(settings.log_level));
  return 0;
}
