// Messages of D-Bus, as many of its types as talking to systemd needs. Pure.
// Source: the D-Bus specification 0.41, "Type System" and "Message Protocol". Little endian only:
// both ends are on one machine, and every machine that we run on is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"

namespace plimsoll::runtime {

// A property of a unit: a name and a variant of b, t, s, au or ay.
struct BusProperty {
  std::string name;
  std::variant<bool, std::uint64_t, std::string, std::vector<std::uint32_t>,
               std::vector<std::uint8_t>>
      value;
  bool operator==(const BusProperty&) const = default;
};

// The arguments of a call, in the order of its signature.
class BusBody {
 public:
  void byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
  void boolean(bool value) { u32(value ? 1 : 0); }
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void string(std::string_view value);     // Also an object path.
  void signature(std::string_view value);  // At most 255 bytes.
  void align(std::size_t to);
  // Elements are written between the two; `alignment` is their type's.
  [[nodiscard]] std::size_t begin_array(std::size_t alignment);
  void end_array(std::size_t begun, std::size_t alignment);
  void properties(const std::vector<BusProperty>& properties);  // a(sv)

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct BusCall {
  std::uint32_t serial = 1;  // Not 0; the reply names it.
  std::string destination;   // Empty: whoever is at the other end.
  std::string path;
  std::string interface;
  std::string member;
  std::string signature;
  BusBody body;
};
[[nodiscard]] std::string encode(const BusCall& call);

struct BusMessage {
  enum class Type : std::uint8_t { kOther, kReply = 2, kError = 3, kSignal = 4 };
  Type type = Type::kOther;
  std::uint32_t reply_to = 0;
  std::string error_name;
  std::string interface;
  std::string member;
  std::string signature;
  std::string body;
};
// Takes one message off `bytes`. Nothing: it is not all there yet. kMalformed: it will never be one
// (too long, another byte order, a field that runs over its end).
[[nodiscard]] Result<std::optional<BusMessage>> take_message(std::string& bytes);

// Walks the arguments of a message; every step fails at the end rather than reading beyond it.
class BusReader {
 public:
  explicit BusReader(std::string_view body) : body_(body) {}
  [[nodiscard]] Result<std::uint8_t> byte();
  [[nodiscard]] Result<std::uint32_t> u32();
  [[nodiscard]] Result<std::string_view> string();  // Also an object path.
  [[nodiscard]] Result<std::string_view> signature();
  [[nodiscard]] Result<> align(std::size_t to);
  [[nodiscard]] std::size_t at() const { return at_; }
  // A value of one of the basic types: "y", "b", "u", "t", "s" ...
  [[nodiscard]] Result<> skip(std::string_view signature);

 private:
  Result<std::string_view> take(std::size_t size);
  std::string_view body_;
  std::size_t at_ = 0;
};

}  // namespace plimsoll::runtime
