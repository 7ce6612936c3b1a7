// Any bytes as a question: an answer repeats it, is never longer than it may be, and is recognised
// as an answer to it and to nothing else.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/net/dns_message.h"

using namespace plimsoll::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto query = decode_query(message);
  if (!query) {
    if (can_be_answered(message))
      PLIMSOLL_CHECK(encode_refusal(message, DnsCode::kMalformed).size() == 12);
    return 0;
  }
  PLIMSOLL_CHECK(query->name.size() <= 255);
  DnsAnswer answer;
  if (const auto address = parse_reverse_name(query->name)) {
    answer.addresses.push_back(*address);
    answer.name = query->name;
  }
  const std::string encoded = encode_answer(message, *query, answer, 512);
  PLIMSOLL_CHECK(encoded.size() <= 512);
  PLIMSOLL_CHECK(answers(encoded, message) == DnsCode::kNoError);
  PLIMSOLL_CHECK(!decode_query(encoded));
  // As an answer, too: whoever sends them is not us.
  (void)answers(message, encoded);
  return 0;
}
