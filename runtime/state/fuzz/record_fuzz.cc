// What is accepted writes and reads back; what a seal covers comes back whole.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "runtime/state/record.h"
#include "runtime/state/seal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto record = plimsoll::state::decode_record(text);
  if (record) {
    PLIMSOLL_CHECK(record->init.pid >= 0);
    const auto again = plimsoll::state::decode_record(plimsoll::state::encode(*record));
    PLIMSOLL_CHECK(again && *again == *record);
  }
  (void)plimsoll::state::unseal(text);
  const std::string sealed = plimsoll::state::seal(text);
  const auto whole = plimsoll::state::unseal(sealed);
  PLIMSOLL_CHECK(whole && *whole == text);
  return 0;
}
