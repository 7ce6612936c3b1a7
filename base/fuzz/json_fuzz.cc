// What is accepted has bounded depth, objects without doubles, and strings that read back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace {

void check(const plimsoll::json::Value& value, int depth) {
  using plimsoll::json::Type;
  PLIMSOLL_CHECK(depth <= 64);
  if (value.type == Type::kString) {
    std::string again;
    plimsoll::json::append_string(again, value.text);
    const auto parsed = plimsoll::json::parse(again);
    PLIMSOLL_CHECK(parsed && parsed->root.text == value.text);
  }
  for (const auto& member : value.members) {
    if (value.type == Type::kObject) PLIMSOLL_CHECK(value.find(member.key) == &member.value);
    check(member.value, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = plimsoll::json::parse(text, {.bytes = 1 << 16});
  if (document) check(document->root, 0);
  return 0;
}
