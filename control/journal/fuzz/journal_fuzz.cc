#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "control/journal/frame.h"
#include "control/journal/state.h"

// Whatever the bytes: every good frame decodes or says why not, what decodes encodes to the same
// bytes, and the state that comes of it can be said in records again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::control;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  State state;
  const auto add = [&](std::string_view frame) {
    const auto record = decode(frame);
    if (!record) return;
    if (encode(*record) != frame) std::abort();
    state.add(*record);
  };
  add(bytes);  // Without a checksum in the way.
  // Records behind two bytes of length each: what a fuzzer finds easily.
  for (std::string_view rest = bytes; rest.size() > 2;) {
    const std::size_t length = static_cast<unsigned char>(rest[0]) |
                               static_cast<std::size_t>(static_cast<unsigned char>(rest[1])) << 8;
    rest.remove_prefix(2);
    add(rest.substr(0, length));
    rest.remove_prefix(std::min(rest.size(), length));
  }
  const Frames frames = scan_frames(bytes);
  std::size_t sum = frames.bad_bytes;
  for (const std::string_view frame : frames.records) {
    sum += kFrameHead + frame.size();
    add(frame);
  }
  if (sum != bytes.size()) std::abort();
  State again;
  for (const Record& record : state.records()) again.add(record);
  if (again.found() != state.found() || again.leases() != state.leases()) std::abort();
  return 0;
}
