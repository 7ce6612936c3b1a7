#include "runtime/net/dns_message.h"

#include <algorithm>

#include "base/number.h"

namespace plimsoll::net {

namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestLabel = 63;
constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kNameOfQuestion = 0xC00C;  // A pointer to byte 12.
constexpr std::uint32_t kTtl = 600;                // Docker's.
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kTruncated = 0x02;
constexpr std::uint8_t kRecursionDesired = 0x01;
constexpr std::uint8_t kRecursionAvailable = 0x80;

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16));
  put16(out, static_cast<std::uint16_t>(value & 0xFFFF));
}

void set16(std::string& out, std::size_t i, std::size_t value) {
  out[i] = static_cast<char>(value >> 8 & 0xFF);
  out[i + 1] = static_cast<char>(value & 0xFF);
}

// Labels of a question are never compressed: there is nothing before them to point to.
Result<std::string> read_name(std::string_view message, std::size_t& at) {
  std::string name;
  for (;;) {
    if (at >= message.size()) return malformed("a name without an end");
    const std::size_t length = byte_at(message, at++);
    if (length == 0) return name;
    if (length > kLongestLabel) return malformed("a label of more than 63 bytes");
    if (at + length > message.size()) return malformed("a label without an end");
    if (!name.empty()) name += '.';
    const std::string_view label = message.substr(at, length);
    // A dot within a label would be two labels to everybody else.
    if (label.find('.') != std::string_view::npos) return malformed("a label with a dot");
    name += label;
    at += length;
    if (name.size() > kLongestName) return malformed("a name of more than 255 bytes");
  }
}

std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const std::string_view label = name.substr(0, std::min(dot, kLongestLabel));
    // An empty one would end the name.
    if (!label.empty()) {
      out += static_cast<char>(label.size());
      out += label;
    }
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out += '\0';
  return out;
}

std::string header_of(std::string_view message, DnsCode code) {
  std::string out(message.substr(0, kHeader));
  const std::uint8_t kept = byte_at(message, 2) & (0x78 | kRecursionDesired);
  out[2] = static_cast<char>(kResponse | kept);
  out[3] = static_cast<char>(kRecursionAvailable | static_cast<std::uint8_t>(code));
  for (std::size_t i = 4; i < kHeader; i += 2) set16(out, i, 0);
  return out;
}

std::vector<std::string> records_of(const DnsQuery& query, const DnsAnswer& answer) {
  std::vector<std::string> records;
  const auto add = [&](std::string_view data) {
    std::string& record = records.emplace_back();
    put16(record, kNameOfQuestion);
    put16(record, query.type);
    put16(record, kIn);
    put32(record, kTtl);
    put16(record, static_cast<std::uint16_t>(data.size()));
    record += data;
  };
  for (const Address& address : answer.addresses)
    add({reinterpret_cast<const char*>(address.bytes.data()), address.size()});
  if (answer.name) add(wire_name(*answer.name));
  return records;
}

}  // namespace

bool can_be_answered(std::string_view message) {
  return message.size() >= kHeader && (byte_at(message, 2) & kResponse) == 0;
}

Result<DnsQuery> decode_query(std::string_view message) {
  if (!can_be_answered(message)) return malformed("no question");
  DnsQuery query{.id = number_at(message, 0),
                 .opcode = static_cast<std::uint8_t>(byte_at(message, 2) >> 3 & 15),
                 .recursion_desired = (byte_at(message, 2) & kRecursionDesired) != 0};
  if (number_at(message, 4) != 1) return malformed("not one question");
  std::size_t at = kHeader;
  query.name = PLIMSOLL_TRY(read_name(message, at));
  if (at + 4 > message.size()) return malformed("a question without an end");
  query.type = number_at(message, at);
  query.dns_class = number_at(message, at + 2);
  query.question_end = at + 4;
  return query;
}

std::string encode_answer(std::string_view message, const DnsQuery& query, const DnsAnswer& answer,
                          std::size_t most) {
  std::string out = header_of(message, answer.code);
  out += message.substr(kHeader, query.question_end - kHeader);
  set16(out, 4, 1);
  std::size_t count = 0;
  for (const std::string& record : records_of(query, answer)) {
    if (out.size() + record.size() > most) {
      out[2] = static_cast<char>(byte_at(out, 2) | kTruncated);
      break;
    }
    out += record;
    ++count;
  }
  set16(out, 6, count);
  return out;
}

std::string encode_refusal(std::string_view message, DnsCode code) {
  return header_of(message, code);
}

std::optional<Address> parse_reverse_name(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::string_view rest = lower;
  Address address;
  const bool v6 = rest.ends_with(".ip6.arpa");
  if (!v6 && !rest.ends_with(".in-addr.arpa")) return std::nullopt;
  rest.remove_suffix(v6 ? 9 : 13);
  address.family = v6 ? Family::kV6 : Family::kV4;
  // The last part comes first: bytes of IPv4, halves of bytes of IPv6.
  const std::size_t parts = v6 ? 32 : 4;
  for (std::size_t i = parts; i-- > 0;) {
    const std::size_t dot = rest.find('.');
    const auto value = to_number<std::uint8_t>(rest.substr(0, dot), v6 ? 16 : 10);
    if (!value || (v6 && (*value > 15 || std::min(dot, rest.size()) != 1))) return std::nullopt;
    std::uint8_t& byte = address.bytes[v6 ? i / 2 : i];
    byte = v6 && i % 2 == 0 ? static_cast<std::uint8_t>(byte | *value << 4)
                            : static_cast<std::uint8_t>(byte | *value);
    if ((dot == std::string_view::npos) != (i == 0)) return std::nullopt;
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  return address;
}

std::optional<DnsCode> answers(std::string_view message, std::string_view question) {
  const auto asked = decode_query(question);
  if (!asked || message.size() < asked->question_end) return std::nullopt;
  if ((byte_at(message, 2) & kResponse) == 0 || number_at(message, 0) != asked->id)
    return std::nullopt;
  const auto code = static_cast<DnsCode>(byte_at(message, 3) & 15);
  if (number_at(message, 4) != 1) return std::nullopt;
  const std::size_t length = asked->question_end - kHeader;
  if (message.substr(kHeader, length) != question.substr(kHeader, length)) return std::nullopt;
  return code;
}

}  // namespace plimsoll::net
