// What comes from a socket is decoded and shown without harm, whatever it is.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/limit/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::agent;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const plimsoll::WallTime now{};
  if (const auto shown = decode_target(body)) {
    (void)render_target(*shown, now);
    (void)currents_of(*shown);
  }
  if (const auto all = decode_targets(body)) (void)render_targets(*all, now);
  if (const auto answer = decode_change(body)) (void)render_change(*answer);
  if (const auto history = decode_history(body)) (void)render_history(*history);
  return 0;
}
