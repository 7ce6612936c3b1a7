// DNS messages (RFC 1035), as far as a resolver of container names reads and writes them: one
// question, and answers of three types.
//
// Thread: values, pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "runtime/net/address.h"

namespace plimsoll::net {

enum class DnsType : std::uint16_t { kA = 1, kPtr = 12, kAaaa = 28 };
enum class DnsCode : std::uint8_t {
  kNoError = 0,
  kMalformed = 1,
  kServerFailure = 2,
  kNoSuchName = 3,
  kNotImplemented = 4,
  kRefused = 5
};

struct DnsQuery {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;
  bool recursion_desired = false;
  std::string name;        // "web.front", without the last dot; "" is the root.
  std::uint16_t type = 0;  // Maybe none of DnsType.
  std::uint16_t dns_class = 0;
  std::size_t question_end = 0;  // Of the message: what an answer repeats.
};

// kMalformed: no message at all (do not answer), or one that has not exactly one whole question.
[[nodiscard]] Result<DnsQuery> decode_query(std::string_view message);
// The header is whole, and it is no answer: it can be refused.
[[nodiscard]] bool can_be_answered(std::string_view message);

struct DnsAnswer {
  DnsCode code = DnsCode::kNoError;
  std::vector<Address> addresses;   // A and AAAA.
  std::optional<std::string> name;  // PTR.
};
// As short as `most` bytes: what does not fit is left out, and said so (TC).
[[nodiscard]] std::string encode_answer(std::string_view message, const DnsQuery& query,
                                        const DnsAnswer& answer, std::size_t most);
// For what decode_query() refused.
[[nodiscard]] std::string encode_refusal(std::string_view message, DnsCode code);

// "2.0.18.172.in-addr.arpa", "2.0.0.0. ... .ip6.arpa".
[[nodiscard]] std::optional<Address> parse_reverse_name(std::string_view name);

// Of an answer to our question: its code, if it is one (same id, same question).
[[nodiscard]] std::optional<DnsCode> answers(std::string_view message, std::string_view question);

}  // namespace plimsoll::net
