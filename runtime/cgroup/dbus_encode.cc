#include <bit>
#include <cstring>

#include "runtime/cgroup/dbus_message.h"

namespace plimsoll::runtime {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::uint8_t kCall = 1;
constexpr std::uint8_t kVersion = 1;
// Codes of the header's fields.
constexpr std::uint8_t kPath = 1;
constexpr std::uint8_t kInterface = 2;
constexpr std::uint8_t kMember = 3;
constexpr std::uint8_t kDestination = 6;
constexpr std::uint8_t kSignature = 8;

template <class T>
void append(std::string& bytes, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof raw);
}

void put(BusBody& body, bool value) {
  body.signature("b");
  body.boolean(value);
}
void put(BusBody& body, std::uint64_t value) {
  body.signature("t");
  body.u64(value);
}
void put(BusBody& body, const std::string& value) {
  body.signature("s");
  body.string(value);
}
void put(BusBody& body, const std::vector<std::uint32_t>& values) {
  body.signature("au");
  const std::size_t begun = body.begin_array(4);
  for (const std::uint32_t value : values) body.u32(value);
  body.end_array(begun, 4);
}
void put(BusBody& body, const std::vector<std::uint8_t>& values) {
  body.signature("ay");
  const std::size_t begun = body.begin_array(1);
  for (const std::uint8_t value : values) body.byte(value);
  body.end_array(begun, 1);
}

}  // namespace

void BusBody::align(std::size_t to) {
  bytes_.resize((bytes_.size() + to - 1) / to * to);
}

void BusBody::u32(std::uint32_t value) {
  align(4);
  append(bytes_, value);
}

void BusBody::u64(std::uint64_t value) {
  align(8);
  append(bytes_, value);
}

void BusBody::string(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  bytes_.append(value).push_back('\0');
}

void BusBody::signature(std::string_view value) {
  byte(static_cast<std::uint8_t>(value.size()));
  bytes_.append(value).push_back('\0');
}

std::size_t BusBody::begin_array(std::size_t alignment) {
  u32(0);
  const std::size_t begun = bytes_.size();
  align(alignment);
  return begun;
}

// The length is of the elements alone, without what aligned the first one.
void BusBody::end_array(std::size_t begun, std::size_t alignment) {
  const std::size_t first = (begun + alignment - 1) / alignment * alignment;
  const auto length = static_cast<std::uint32_t>(bytes_.size() - first);
  std::memcpy(bytes_.data() + begun - sizeof length, &length, sizeof length);
}

void BusBody::properties(const std::vector<BusProperty>& properties) {
  const std::size_t begun = begin_array(8);
  for (const BusProperty& property : properties) {
    align(8);
    string(property.name);
    std::visit([&](const auto& value) { put(*this, value); }, property.value);
  }
  end_array(begun, 8);
}

std::string encode(const BusCall& call) {
  BusBody header;
  header.byte('l');
  header.byte(kCall);
  header.byte(0);
  header.byte(kVersion);
  header.u32(static_cast<std::uint32_t>(call.body.bytes().size()));
  header.u32(call.serial);
  const std::size_t begun = header.begin_array(8);
  const auto field = [&](std::uint8_t code, const char* type, std::string_view text) {
    if (text.empty()) return;
    header.align(8);
    header.byte(code);
    header.signature(type);
    if (*type == 'g')
      header.signature(text);
    else
      header.string(text);
  };
  field(kPath, "o", call.path);
  field(kInterface, "s", call.interface);
  field(kMember, "s", call.member);
  field(kDestination, "s", call.destination);
  field(kSignature, "g", call.signature);
  header.end_array(begun, 8);
  header.align(8);
  return header.bytes() + call.body.bytes();
}

}  // namespace plimsoll::runtime
