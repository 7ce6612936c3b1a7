// Making and walking netlink(7) messages, without trusting a length.
#pragma once

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace plimsoll::exporter {

// A request under construction: header, the family's own header, attributes. Requests are ours and
// small: one that does not fit is a bug.
class NetlinkRequest {
 public:
  explicit NetlinkRequest(std::uint16_t type, std::uint16_t flags = 0) {
    put_header<nlmsghdr>();
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }
  NetlinkRequest(const NetlinkRequest&) = delete;
  NetlinkRequest& operator=(const NetlinkRequest&) = delete;

  // Zeroed; good for as long as the request.
  template <class T>
  T& put_header() {
    return *reinterpret_cast<T*>(grow(sizeof(T)));
  }
  void put(std::uint16_t type, std::span<const std::byte> payload) {
    const std::size_t start = begin_nest(type);
    if (!payload.empty()) std::memcpy(grow(payload.size()), payload.data(), payload.size());
    // The length of an attribute is without the padding behind it.
    set_length(start, sizeof(nlattr) + payload.size());
  }
  void put(std::uint16_t type, std::uint32_t value) {
    put(type, std::as_bytes(std::span(&value, 1)));
  }
  void put(std::uint16_t type, const std::string& text) {
    put(type, std::as_bytes(std::span(text.c_str(), text.size() + 1)));
  }
  // What is put until the end is inside the attribute.
  [[nodiscard]] std::size_t begin_nest(std::uint16_t type) {
    const std::size_t start = size_;
    *reinterpret_cast<nlattr*>(grow(sizeof(nlattr))) = {.nla_len = 0, .nla_type = type};
    return start;
  }
  void end_nest(std::size_t start) { set_length(start, size_ - start); }
  [[nodiscard]] nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  [[nodiscard]] const nlmsghdr& header() const {
    return *reinterpret_cast<const nlmsghdr*>(bytes_.data());
  }

 private:
  std::byte* grow(std::size_t bytes) {
    std::byte* const start = bytes_.data() + size_;
    size_ += NLMSG_ALIGN(bytes);
    PLIMSOLL_CHECK(size_ <= bytes_.size());
    header().nlmsg_len = static_cast<std::uint32_t>(size_);
    return start;
  }
  void set_length(std::size_t start, std::size_t length) {
    reinterpret_cast<nlattr*>(bytes_.data() + start)->nla_len = static_cast<std::uint16_t>(length);
  }

  alignas(nlmsghdr) std::array<std::byte, 1024> bytes_{};
  std::size_t size_ = 0;
};

// Takes the next message off `bytes`; null at the end, or where what is left is not one.
[[nodiscard]] inline const nlmsghdr* next_message(std::span<const std::byte>& bytes) {
  if (bytes.size() < sizeof(nlmsghdr)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  const std::size_t length = message->nlmsg_len;
  if (length < sizeof(nlmsghdr) || length > bytes.size()) return nullptr;
  bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), bytes.size()));
  return message;
}

// The fixed part of a message, or nothing if it is cut.
template <class Family>
[[nodiscard]] std::optional<Family> family_of(const nlmsghdr& message) {
  Family family{};
  if (message.nlmsg_len < NLMSG_HDRLEN + sizeof family) return std::nullopt;
  std::memcpy(&family, reinterpret_cast<const std::byte*>(&message) + NLMSG_HDRLEN, sizeof family);
  return family;
}

// One attribute: its type without flags, and its payload.
struct Attribute {
  std::uint16_t type = 0;
  std::span<const std::byte> payload;

  // The value, or nothing if the payload is too short for it.
  template <class T>
  [[nodiscard]] std::optional<T> number() const {
    T value{};
    if (payload.size() < sizeof value) return std::nullopt;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
  // Up to the first NUL.
  [[nodiscard]] std::string_view text() const {
    const std::string_view all(reinterpret_cast<const char*>(payload.data()), payload.size());
    return all.substr(0, all.find('\0'));
  }
};

// Takes the next attribute off `bytes`; false at the end, or where what is left is not one.
[[nodiscard]] inline bool next_attribute(std::span<const std::byte>& bytes, Attribute& attribute) {
  nlattr head{};
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.nla_len < sizeof head || head.nla_len > bytes.size()) return false;
  attribute.type = head.nla_type & NLA_TYPE_MASK;
  attribute.payload = bytes.subspan(NLA_HDRLEN, head.nla_len - NLA_HDRLEN);
  bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(head.nla_len), bytes.size()));
  return true;
}

// The attributes of a message whose own header is a `Family`; empty if it is too short.
template <class Family>
[[nodiscard]] std::span<const std::byte> attributes_of(const nlmsghdr& message) {
  const std::span bytes(reinterpret_cast<const std::byte*>(&message), message.nlmsg_len);
  constexpr std::size_t kHead = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Family));
  return bytes.size() < kHead ? std::span<const std::byte>() : bytes.subspan(kHead);
}

}  // namespace plimsoll::exporter
