#include "http/address.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

namespace plimsoll::http {
namespace {

using ::testing::HasSubstr;

TEST(Address, ReadsEverySpelling) {
  struct Row {
    const char* text;
    Address::Kind kind;
    const char* host;
    std::uint16_t port;
    const char* path;
  };
  for (const Row& row : {
           Row{"127.0.0.1:7546", Address::Kind::kTcp, "127.0.0.1", 7546, ""},
           Row{"[::1]:0", Address::Kind::kTcp, "::1", 0, ""},
           Row{"[fe80::1%lo]:80", Address::Kind::kTcp, "fe80::1%lo", 80, ""},
           Row{":65535", Address::Kind::kTcp, "", 65535, ""},
           Row{"localhost:1", Address::Kind::kTcp, "localhost", 1, ""},
           Row{"unix:/run/x.sock", Address::Kind::kUnix, "", 0, "/run/x.sock"},
           Row{"unix:relative:1", Address::Kind::kUnix, "", 0, "relative:1"},
       }) {
    const auto address = parse_address(row.text);
    ASSERT_TRUE(address) << row.text;
    EXPECT_EQ(address->kind, row.kind) << row.text;
    EXPECT_EQ(address->host, row.host) << row.text;
    EXPECT_EQ(address->port, row.port) << row.text;
    EXPECT_EQ(address->path, row.path) << row.text;
  }
}

TEST(Address, RefusesTheRestAndSaysWhy) {
  struct Row {
    std::string text;
    const char* why;
  };
  for (const Row& row : {
           Row{"", "expected HOST:PORT"},
           Row{"127.0.0.1", "expected HOST:PORT"},
           Row{"127.0.0.1:", "port"},
           Row{"127.0.0.1:65536", "port"},
           Row{"127.0.0.1:-1", "port"},
           Row{"127.0.0.1:+1", "port"},
           Row{"127.0.0.1:1 ", "port"},
           Row{"::1:80", "brackets"},
           Row{"[::1:80", "without ']'"},
           Row{"[]:80", "no IPv6"},
           Row{"[localhost]:80", "no IPv6"},
           Row{"http://host:80", "brackets"},
           Row{"a/b:80", "character"},
           Row{"unix:", "empty"},
           Row{"unix:/" + std::string(107, 'x'), "longer"},
           Row{std::string("unix:/a\0b", 9), "NUL"},
       }) {
    const auto address = parse_address(row.text);
    ASSERT_FALSE(address) << row.text;
    EXPECT_EQ(address.error().kind, ErrorKind::kInvalidInput) << row.text;
    EXPECT_THAT(address.error().message(), HasSubstr(row.why)) << row.text;
  }
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'x')));
}

TEST(Address, LoopbackIsForProgramsOfThisHost) {
  for (const char* loopback : {"localhost", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(loopback)) << loopback;
  for (const char* other : {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "127.1",
                            "0177.0.0.1", "localhost.example", "fe80::1"})
    EXPECT_FALSE(is_loopback(other)) << other;
}

TEST(Address, NumericHostsBecomeTextAgain) {
  const auto text = [](const char* host) {
    const auto address = numeric_address(host, 80);
    return address ? to_text(*address) : address.error().message();
  };
  EXPECT_EQ(text("127.0.0.1"), "127.0.0.1:80");
  EXPECT_EQ(text("::1"), "[::1]:80");
  EXPECT_EQ(text("2001:DB8:0::1"), "[2001:db8::1]:80");
  EXPECT_EQ(text("::ffff:10.1.2.3"), "10.1.2.3:80");  // An IPv4 client of a dual-stack socket.
  EXPECT_EQ(text("fe80::1%7"), "[fe80::1%7]:80");
  EXPECT_THAT(text("fe80::1%none"), HasSubstr("no network interface"));
  EXPECT_THAT(text("127.1"), HasSubstr("not a numeric"));
  EXPECT_THAT(text("name"), HasSubstr("not a numeric"));
  EXPECT_EQ(to_text(*unix_address("/x")), "unix");
}

}  // namespace
}  // namespace plimsoll::http
