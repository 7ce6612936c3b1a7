#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "base/temp_tree.h"
#include "runtime/cgroup/dbus_message.h"
#include "runtime/cgroup/systemd.h"

namespace plimsoll::runtime {
namespace {

using namespace std::string_literals;

// As the other side writes it: a reply (2), an error (3) or a signal (4).
std::string answer(char type, std::uint32_t reply_to, const std::string& name,
                   const std::string& signature, const BusBody& arguments) {
  BusBody message;
  for (const char c : {'l', type, '\0', '\1'}) message.byte(static_cast<std::uint8_t>(c));
  message.u32(static_cast<std::uint32_t>(arguments.bytes().size()));
  message.u32(77);
  const std::size_t begun = message.begin_array(8);
  const auto field = [&](std::uint8_t code, const char* kind) {
    message.align(8);
    message.byte(code);
    message.signature(kind);
  };
  if (reply_to != 0) {
    field(5, "u");
    message.u32(reply_to);
  }
  if (!name.empty()) {
    field(type == 3 ? 4 : 3, "s");
    message.string(name);
  }
  field(7, "s");
  message.string(":1.2");
  if (!signature.empty()) {
    field(8, "g");
    message.signature(signature);
  }
  message.end_array(begun, 8);
  message.align(8);
  return message.bytes() + arguments.bytes();
}

TEST(BusCall, IsWrittenAsTheSpecificationSays) {
  BusCall call{.serial = 1, .path = "/a", .interface = "b.c", .member = "D", .signature = "s"};
  call.body.string("x");
  EXPECT_EQ(encode(call),
            "l\1\0\1\6\0\0\0\1\0\0\0\x37\0\0\0"
            "\1\1o\0\2\0\0\0/a\0\0\0\0\0\0"
            "\2\1s\0\3\0\0\0b.c\0\0\0\0\0"
            "\3\1s\0\1\0\0\0D\0\0\0\0\0\0\0"
            "\x08\1g\0\1s\0\0"
            "\1\0\0\0x\0"s);
}

TEST(BusBody, AlignsVariants) {
  BusBody body;
  body.properties({{"A", true}, {"B", std::uint64_t{7}}, {"C", std::vector<std::uint8_t>{3}}});
  // "A" b: 4+2 name, 3 signature, 3 padding, 4 value = 16; "B" t: 6+3, 7, 8 = 24; "C" ay: 6+4, 2,
  // 4+1 = 17.
  EXPECT_EQ(body.bytes().size(), 8U + 16 + 24 + 17);
  EXPECT_EQ(static_cast<unsigned char>(body.bytes()[0]), 16 + 24 + 17);
}

TEST(TakeMessage, WaitsForTheWhole) {
  BusBody arguments;
  arguments.string("/job/1");
  const std::string whole = answer(2, 5, "", "o", arguments);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    std::string part = whole.substr(0, cut);
    const auto message = take_message(part);
    ASSERT_TRUE(message) << cut;
    EXPECT_FALSE(*message) << cut;
  }
  std::string two = whole + whole.substr(0, 9);
  const auto message = take_message(two);
  ASSERT_TRUE(message && *message);
  EXPECT_EQ((*message)->type, BusMessage::Type::kReply);
  EXPECT_EQ((*message)->reply_to, 5U);
  EXPECT_EQ((*message)->signature, "o");
  EXPECT_EQ(*BusReader((*message)->body).string(), "/job/1");
  EXPECT_EQ(two.size(), 9U);
}

TEST(TakeMessage, RefusesWhatNeverEndsOrRunsOver) {
  const BusBody none;
  const std::string good = answer(4, 0, "JobRemoved", "", none);
  const auto with_byte = [&](std::size_t at, char value) {
    std::string bytes = good;
    bytes[at] = value;
    return take_message(bytes);
  };
  EXPECT_FALSE(with_byte(0, 'B')) << "the other byte order";
  EXPECT_FALSE(with_byte(3, 2)) << "another version";
  EXPECT_FALSE(with_byte(7, 0x7f)) << "a body of 2 GB";
  EXPECT_FALSE(with_byte(15, 0x7f)) << "fields of 2 GB";
  EXPECT_FALSE(with_byte(20, 0x7f)) << "a string that is longer than the message";
  EXPECT_FALSE(with_byte(18, 'v')) << "a field of another type";
  EXPECT_FALSE(BusReader("\xff\xff\xff\xff").string());
}

TEST(PropertiesOf, AreWhatSystemdWritesToTheSameFiles) {
  limit::Limits limits;
  limits.cpu_shares = std::uint64_t{1024};
  limits.cpu_quota = Limit(limit::CpuTime{limit::CpuTime::Unit::kMicroseconds, 50'000});
  limits.cpu_period = std::chrono::microseconds(200'000);
  limits.memory_max = Limit(limit::Bytes{1 << 20});
  limits.memory_swap = Limit<limit::Bytes>::none();
  limits.pids_max = Limit<std::uint64_t>(0);
  limits.cpuset_cpus = limit::IdSet{{0, 1}, {9, 9}};
  EXPECT_EQ(properties_of(limits),
            (std::vector<BusProperty>{{"CPUWeight", std::uint64_t{100}},
                                      {"CPUQuotaPerSecUSec", std::uint64_t{250'000}},
                                      {"CPUQuotaPeriodUSec", std::uint64_t{200'000}},
                                      {"MemoryMax", std::uint64_t{1 << 20}},
                                      {"MemorySwapMax", ~std::uint64_t{0}},
                                      {"AllowedCPUs", std::vector<std::uint8_t>{3, 2}}}));
}

// The other side of a connection, one reply after the other.
class FakeSystemd {
 public:
  explicit FakeSystemd(const std::string& path, std::vector<std::string> replies)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    thread_ = std::thread([this, replies = std::move(replies)] {
      const Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      char bytes[65536];
      for (const std::string& reply : replies) {
        if (::recv(peer.get(), bytes, sizeof bytes, 0) <= 0) return;
        static_cast<void>(!::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL));
      }
    });
  }
  ~FakeSystemd() { thread_.join(); }
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

 private:
  Fd socket_;
  std::thread thread_;
};

BusBody job_removed(const std::string& job, const std::string& result) {
  BusBody body;
  body.u32(1);
  body.string(job);
  body.string("a.scope");
  body.string(result);
  return body;
}

class Manager : public ::testing::Test {
 protected:
  Result<> start(std::vector<std::string> replies) {
    replies.insert(replies.begin(), "OK 1234\r\n");
    const FakeSystemd other(path_, std::move(replies));
    SystemdManager manager = PLIMSOLL_TRY(SystemdManager::connect(
        {.own_socket = path_, .bus_socket = path_, .timeout = std::chrono::seconds(5)}));
    return manager.start_scope({"a.slice", "a.scope", "/a.slice/a.scope"}, 1, {});
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "systemd's own socket is for root";
  }
  TempTree tree_;
  std::string path_ = tree_.path() + "/socket";
};

TEST_F(Manager, WaitsForItsOwnJob) {
  BusBody job;
  job.string("/job/2");
  const auto done = start({answer(4, 0, "JobRemoved", "uoss", job_removed("/job/1", "failed")) +
                           answer(2, 1, "", "o", job) +
                           answer(4, 0, "JobRemoved", "uoss", job_removed("/job/1", "failed")) +
                           answer(4, 0, "JobRemoved", "uoss", job_removed("/job/2", "done"))});
  EXPECT_TRUE(done) << done.error().message();
}

TEST_F(Manager, SaysWhatSystemdSays) {
  BusBody words;
  words.string("Unit a.slice is masked.");
  const auto done = start({answer(3, 1, "org.freedesktop.systemd1.UnitMasked", "s", words)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kRejected);
  EXPECT_NE(done.error().message().find("Unit a.slice is masked."), std::string::npos);
}

TEST_F(Manager, AJobThatFailsIsAFailure) {
  BusBody job;
  job.string("/job/2");
  const auto done = start({answer(2, 1, "", "o", job) +
                           answer(4, 0, "JobRemoved", "uoss", job_removed("/job/2", "canceled"))});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("canceled"), std::string::npos);
}

TEST_F(Manager, AConnectionThatBreaksIsNoSilence) {
  const auto done = start({"l"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace plimsoll::runtime
