#include "runtime/net/dns_message.h"

#include <gtest/gtest.h>

#include <string>

#include "runtime/net/names.h"

namespace plimsoll::net {
namespace {

const std::string kHead("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
const std::string kWeb = kHead + std::string("\3web\5Front\0\0\1\0\1", 15);

std::string name_or_error(const std::string& message) {
  const auto query = decode_query(message);
  return query ? query->name : query.error().subject;
}

TEST(DnsMessage, AQuestionIsRead) {
  const auto query = decode_query(kWeb);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, 0x1234);
  EXPECT_EQ(query->name, "web.Front");
  EXPECT_EQ(query->type, 1);
  EXPECT_EQ(query->dns_class, 1);
  EXPECT_EQ(query->question_end, kWeb.size());
  EXPECT_TRUE(query->recursion_desired);
}

TEST(DnsMessage, WhatIsNoQuestionIsNamed) {
  EXPECT_EQ(name_or_error(""), "no question");
  EXPECT_EQ(name_or_error(kHead.substr(0, 11)), "no question");
  EXPECT_EQ(name_or_error(kHead), "a name without an end");
  EXPECT_EQ(name_or_error(kWeb.substr(0, 15)), "a label without an end");
  EXPECT_EQ(name_or_error(kWeb.substr(0, kWeb.size() - 1)), "a question without an end");
  EXPECT_EQ(name_or_error(kHead + "\xC0\x0C"), "a label of more than 63 bytes");
  EXPECT_EQ(name_or_error(kHead + std::string("\3a.b\0\0\1\0\1", 9)), "a label with a dot");
  std::string two = kWeb;
  two[5] = 2;
  EXPECT_EQ(name_or_error(two), "not one question");
  std::string answer = kWeb;
  answer[2] = static_cast<char>(0x81);
  EXPECT_EQ(name_or_error(answer), "no question");
  EXPECT_FALSE(can_be_answered(answer));
  std::string longest = kHead;
  for (int i = 0; i < 5; ++i) longest += '\x3F' + std::string(63, 'a');
  EXPECT_EQ(name_or_error(longest), "a name of more than 255 bytes");
}

TEST(DnsMessage, AnAnswerRepeatsTheQuestion) {
  const auto query = decode_query(kWeb);
  const std::string answer =
      encode_answer(kWeb, *query, {.addresses = {*parse_address("172.18.0.2")}}, 512);
  EXPECT_EQ(answer, std::string("\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3web\5Front\0\0\1\0\1"
                                "\xC0\x0C\0\1\0\1\0\0\x02\x58\0\4\xAC\x12\0\2",
                                43));
  EXPECT_EQ(answers(answer, kWeb), DnsCode::kNoError);
  std::string other = answer;
  other[0] = 0;
  EXPECT_FALSE(answers(other, kWeb)) << "another id";
  other = answer;
  other[13] = 'W';
  EXPECT_FALSE(answers(other, kWeb)) << "another name, to whoever guards against forgery";
  EXPECT_FALSE(answers(answer.substr(0, 20), kWeb));
}

TEST(DnsMessage, WhatDoesNotFitIsLeftOutAndSaidSo) {
  const auto query = decode_query(kWeb);
  DnsAnswer many;
  many.addresses.assign(100, *parse_address("172.18.0.2"));
  const std::string answer = encode_answer(kWeb, *query, many, 512);
  EXPECT_LE(answer.size(), 512U);
  EXPECT_EQ(static_cast<unsigned char>(answer[2]) & 2, 2);
  EXPECT_EQ(answer[7], (512 - 27) / 16);
}

TEST(DnsMessage, ReverseNamesAreAddresses) {
  const auto text = [](const std::string& name) {
    const auto address = parse_reverse_name(name);
    return address ? to_text(*address) : "none";
  };
  EXPECT_EQ(text("2.0.18.172.in-addr.arpa"), "172.18.0.2");
  EXPECT_EQ(text("2.0.18.172.IN-ADDR.ARPA"), "172.18.0.2");
  EXPECT_EQ(text("2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.0.0.0.0.d.f.ip6.arpa"),
            "fd00:77::2");
  for (const char* name : {"", "in-addr.arpa", "0.18.172.in-addr.arpa", "1.2.0.18.172.in-addr.arpa",
                           "256.0.18.172.in-addr.arpa", "2.0.ip6.arpa", "web.front"})
    EXPECT_EQ(text(name), "none") << name;
}

TEST(Names, AreThoseOfTheNetworksOneIsOn) {
  Names names;
  const Address web = *parse_address("172.18.0.2");
  const Address web6 = *parse_address("fd00::2");
  names.add({.network = "1",
             .network_name = "front",
             .container = "w",
             .names = {"web", "www"},
             .addresses = {web, web6}});
  names.add({.network = "1", .network_name = "front", .container = "c", .names = {"client"}});
  names.add({.network = "2", .network_name = "back", .container = "d", .names = {"db"}});
  EXPECT_EQ(names.find("c", "WEB", Family::kV4).addresses, std::vector{web});
  EXPECT_EQ(names.find("c", "www.Front", Family::kV6).addresses, std::vector{web6});
  EXPECT_FALSE(names.find("c", "web.back", Family::kV4).known);
  EXPECT_FALSE(names.find("c", "db", Family::kV4).known);
  EXPECT_FALSE(names.find("d", "web", Family::kV4).known);
  EXPECT_FALSE(names.find("nobody", "web", Family::kV4).known);
  EXPECT_EQ(names.name_of("c", web), "web.front");
  EXPECT_FALSE(names.name_of("d", web));
  names.remove("w");
  EXPECT_FALSE(names.find("c", "web", Family::kV4).known);
}

}  // namespace
}  // namespace plimsoll::net
