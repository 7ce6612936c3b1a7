// The body of a request: whatever is accepted is a request that the planner takes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "control/api/decode.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto request =
      control::decode(body, {.memory_bytes = std::uint64_t{8} << 30, .cpus = 4, .pids = 32'768});
  if (!request) {
    expect(request.error().kind == ErrorKind::kInvalidInput && !request.error().subject.empty());
    return 0;
  }
  limit::Limits limits;
  for (const limit::Setting& setting : request->settings) {
    auto with = limit::with(limits, setting);
    expect(with.has_value());
    limits = *with;
  }
  const bool restores = request->restore_all || !request->restore.empty();
  expect(restores != !request->settings.empty());
  expect(!request->lease || request->lease->count() > 0);
  expect(request->deadline.count() > 0);
  return 0;
}
