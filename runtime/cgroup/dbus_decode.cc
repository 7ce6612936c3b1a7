#include <cstring>

#include "runtime/cgroup/dbus_message.h"

namespace plimsoll::runtime {
namespace {

constexpr std::size_t kFixed = 16;  // Up to the length of the header's fields.
// The specification allows 128 MiB; what systemd answers us is a few hundred bytes.
constexpr std::size_t kMost = std::size_t{16} << 20;

Failure bad(std::string_view why) {
  return malformed("D-Bus: " + std::string(why));
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Result<> read_field(BusReader& reader, BusMessage& message) {
  PLIMSOLL_TRY(reader.align(8));
  const std::uint8_t code = PLIMSOLL_TRY(reader.byte());
  const std::string_view type = PLIMSOLL_TRY(reader.signature());
  const auto text = [&](std::string& into) -> Result<> {
    if (type != "s") return bad("a header field that is no string");
    into = PLIMSOLL_TRY(reader.string());
    return {};
  };
  switch (code) {
    case 2:
      return text(message.interface);
    case 3:
      return text(message.member);
    case 4:
      return text(message.error_name);
    case 5:
      if (type != "u") return bad("a reply to no number");
      message.reply_to = PLIMSOLL_TRY(reader.u32());
      return {};
    case 8:
      if (type != "g") return bad("a signature of another type");
      message.signature = PLIMSOLL_TRY(reader.signature());
      return {};
    default:
      return reader.skip(type);
  }
}

}  // namespace

Result<std::string_view> BusReader::take(std::size_t size) {
  if (size > body_.size() - at_) return bad("a value runs over the end");
  const std::string_view taken = body_.substr(at_, size);
  at_ += size;
  return taken;
}

Result<> BusReader::align(std::size_t to) {
  PLIMSOLL_TRY(take((to - at_ % to) % to));
  return {};
}

Result<std::uint8_t> BusReader::byte() {
  return static_cast<std::uint8_t>(PLIMSOLL_TRY(take(1)).front());
}

Result<std::uint32_t> BusReader::u32() {
  PLIMSOLL_TRY(align(4));
  return u32_at(PLIMSOLL_TRY(take(4)), 0);
}

Result<std::string_view> BusReader::string() {
  const std::uint32_t size = PLIMSOLL_TRY(u32());
  const std::string_view text = PLIMSOLL_TRY(take(std::size_t{size} + 1));
  return text.substr(0, size);
}

Result<std::string_view> BusReader::signature() {
  const std::uint8_t size = PLIMSOLL_TRY(byte());
  const std::string_view text = PLIMSOLL_TRY(take(std::size_t{size} + 1));
  return text.substr(0, size);
}

Result<> BusReader::skip(std::string_view signature) {
  if (signature.size() != 1) return bad("a header field of an unknown type");
  switch (signature.front()) {
    case 'y':
      PLIMSOLL_TRY(byte());
      return {};
    case 'b':
    case 'u':
    case 'i':
    case 'h':
      PLIMSOLL_TRY(u32());
      return {};
    case 't':
    case 'x':
    case 'd':
      PLIMSOLL_TRY(align(8));
      PLIMSOLL_TRY(take(8));
      return {};
    case 's':
    case 'o':
      PLIMSOLL_TRY(string());
      return {};
    case 'g':
      PLIMSOLL_TRY(this->signature());
      return {};
    default:
      return bad("a header field of an unknown type");
  }
}

Result<std::optional<BusMessage>> take_message(std::string& bytes) {
  if (bytes.size() < kFixed) return std::nullopt;
  if (bytes[0] != 'l') return bad("another byte order than this machine's");
  if (bytes[3] != 1) return bad("another version of the protocol");
  const std::size_t body = u32_at(bytes, 4);
  const std::size_t fields = u32_at(bytes, 12);
  if (body > kMost || fields > kMost) return bad("a message longer than any that is expected");
  const std::size_t header = (kFixed + fields + 7) / 8 * 8;
  if (bytes.size() < header + body) return std::nullopt;
  BusMessage message;
  const auto type = static_cast<std::uint8_t>(bytes[1]);
  if (type >= 2 && type <= 4) message.type = static_cast<BusMessage::Type>(type);
  const std::string_view text = std::string_view(bytes).substr(0, kFixed + fields);
  BusReader reader(text);
  // The fields begin at a multiple of 8, so that offsets in the whole header do.
  for (std::size_t i = 0; i < kFixed; ++i) PLIMSOLL_TRY(reader.byte());
  while (reader.at() < text.size()) PLIMSOLL_TRY(read_field(reader, message));
  message.body = bytes.substr(header, body);
  bytes.erase(0, header + body);
  return message;
}

}  // namespace plimsoll::runtime
