#include "runtime/docker/terminal.h"

#include <gtest/gtest.h>

#include "runtime/docker/exec_decode.h"

namespace plimsoll::docker {
namespace {

using Stream = engine::Output::Stream;

TEST(DetachKeysText, NamesKeys) {
  EXPECT_EQ(*parse_detach_keys("ctrl-p,ctrl-q"), "\x10\x11");
  EXPECT_EQ(*parse_detach_keys("a,ctrl-["), "a\x1b");
  EXPECT_EQ(*parse_detach_keys("ctrl-@,ctrl-_"), std::string("\0\x1f", 2));
  EXPECT_EQ(*parse_detach_keys(""), "");
  EXPECT_EQ(parse_detach_keys("ctrl-1").error().message, "Invalid detach keys (ctrl-1) provided");
  EXPECT_FALSE(parse_detach_keys("ab"));
  EXPECT_FALSE(parse_detach_keys("ctrl-"));
}

TEST(DetachKeys, AreFoundInPieces) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.take("ab\x10").bytes, "ab");
  const auto typed = keys.take("\x11rest");
  EXPECT_TRUE(typed.detach);
  EXPECT_EQ(typed.bytes, "");
}

TEST(DetachKeys, WhatOnlyLooksLikeThemIsPassedOn) {
  DetachKeys keys("\x10\x11");
  EXPECT_EQ(keys.take("\x10x").bytes, "\x10x");
  EXPECT_EQ(keys.take("\x10\x10").bytes, "\x10");
  EXPECT_TRUE(keys.take("\x11").detach);
}

// Writes down what it gets.
struct Record {
  std::string bytes;
  bool ended = false;
  bool closed = false;
};
class RecordingSink final : public Outlet::Sink {
 public:
  explicit RecordingSink(Record& record) : record_(record) {}
  void write(Outlet::Frame frame) override { record_.bytes += *frame; }
  void end() override { record_.ended = true; }
  [[nodiscard]] std::size_t pending() const override { return record_.bytes.size(); }
  [[nodiscard]] bool closed() const override { return record_.closed; }

 private:
  Record& record_;
};

TEST(Outlet, HoldsBackUntilItIsOpened) {
  Record record;
  const auto outlet = std::make_shared<Outlet>(Framing::kStdStreams);
  const engine::Output output = outlet->output();
  EXPECT_TRUE(output.write(Stream::kStdout, "ab"));
  EXPECT_EQ(output.pending(), 10U);
  outlet->open(std::make_unique<RecordingSink>(record));
  EXPECT_TRUE(output.write(Stream::kStderr, "c"));
  EXPECT_EQ(record.bytes, std::string("\1\0\0\0\0\0\0\2ab\2\0\0\0\0\0\0\1c", 19));
  output.end();
  EXPECT_TRUE(record.ended);
  EXPECT_FALSE(output.write(Stream::kStdout, "late"));
}

TEST(Outlet, WhatEndedBeforeItWasOpenedIsStillTold) {
  Record record;
  const auto outlet = std::make_shared<Outlet>(Framing::kRaw);
  outlet->output().write(Stream::kStdout, "bye\r\n");
  outlet->output().end();
  outlet->open(std::make_unique<RecordingSink>(record));
  EXPECT_EQ(record.bytes, "bye\r\n");
  EXPECT_TRUE(record.ended);
}

TEST(Outlet, TakesNothingOnceTheClientHasGone) {
  Record record;
  const auto outlet = std::make_shared<Outlet>(Framing::kRaw);
  outlet->open(std::make_unique<RecordingSink>(record));
  record.closed = true;
  EXPECT_FALSE(outlet->output().write(Stream::kStdout, "a"));
  outlet->close();
  EXPECT_FALSE(outlet->output().write(Stream::kStdout, "a"));
  outlet->output().end();
  EXPECT_EQ(record.bytes, "");
}

TEST(StreamType, IsMultiplexedWhereClientsKnowIt) {
  EXPECT_EQ(stream_type({1, 44}, false), "application/vnd.docker.multiplexed-stream");
  EXPECT_EQ(stream_type({1, 44}, true), "application/vnd.docker.raw-stream");
  EXPECT_EQ(stream_type({1, 41}, false), "application/vnd.docker.raw-stream");
}

TEST(ExecBody, IsReadAsClientsSendIt) {
  const auto exec = decode_exec(
      R"({"User":"","Privileged":false,"Tty":true,"ConsoleSize":[24,80],"AttachStdin":true,)"
      R"("AttachStderr":true,"AttachStdout":true,"DetachKeys":"","Env":null,"WorkingDir":"/tmp",)"
      R"("Cmd":["ls","-l"]})");
  ASSERT_TRUE(exec) << exec.error().message;
  EXPECT_EQ(exec->cmd, (std::vector<std::string>{"ls", "-l"}));
  EXPECT_EQ(exec->console_size, (std::vector<int>{24, 80}));
  EXPECT_TRUE(exec->tty && exec->attach_stdin);
  EXPECT_EQ(exec->working_dir, "/tmp");
  EXPECT_EQ(decode_exec(R"({"Cmd":"true"})")->cmd, (std::vector<std::string>{"true"}));
  EXPECT_EQ(decode_exec("{}").error().message, "No exec command specified");
  EXPECT_EQ(decode_exec(R"({"Cmd":["a"],"Tty":"yes"})").error().message,
            "Tty: must be a boolean, not a string");
  EXPECT_FALSE(decode_exec(""));
}

TEST(ExecStartBody, MayBeEmpty) {
  EXPECT_FALSE(decode_exec_start("")->detach);
  EXPECT_TRUE(decode_exec_start(R"({"Detach":true,"Tty":false})")->detach);
  EXPECT_FALSE(decode_exec_start("[]"));
}

}  // namespace
}  // namespace plimsoll::docker
