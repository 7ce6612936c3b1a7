#include "cgroupfs/watch/kmsg.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/fake_clock.h"
#include "base/temp_tree.h"

namespace plimsoll::cgroupfs {
namespace {

using Drained = KernelLog::Drained;

TEST(KmsgRecord, HasPrioritySequenceTimeFlagsAndText) {
  const auto record = parse_kmsg_record("6,649,5339589974,-;oom-kill:constraint=x;y");
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_TRUE(record->from_kernel);
  EXPECT_EQ(record->sequence, 649U);
  EXPECT_EQ(record->usec, 5339589974U);
  EXPECT_FALSE(record->fragment);
  EXPECT_EQ(record->text, "oom-kill:constraint=x;y");
  EXPECT_TRUE(parse_kmsg_record("4,1,2,c,caller=T7;rest")->fragment);
  EXPECT_EQ(parse_kmsg_record("4,1,2,-,caller=T7;rest")->text, "rest");
}

TEST(KmsgRecord, WhatPeopleWroteIsNotTheKernels) {
  EXPECT_FALSE(parse_kmsg_record("12,1,2,-;oom-kill:")->from_kernel) << "facility 1 (user)";
  EXPECT_TRUE(parse_kmsg_record("7,1,2,-;debug")->from_kernel);
}

TEST(KmsgRecord, NamesTheOffendingLine) {
  for (const std::string_view line :
       {"", "6,649", "6,649,12;no flags", "x,1,2,-;t", "6,-1,2,-;t"}) {
    const auto record = parse_kmsg_record(line);
    ASSERT_FALSE(record) << line;
    EXPECT_EQ(record.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(record.error().subject, line);
  }
}

TEST(Unescape, TurnsHexIntoBytesAndLeavesTheRest) {
  EXPECT_EQ(unescape_kmsg("/user\\x5cx2d.slice"), "/user\\x2d.slice");
  EXPECT_EQ(unescape_kmsg("caf\\xc3\\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(unescape_kmsg("a\\x5"), "a\\x5");
  EXPECT_EQ(unescape_kmsg("\\xZZ\\"), "\\xZZ\\");
}

class KernelLogFile : public testing::Test {
 protected:
  void write(const std::string& text) {
    std::ofstream(path_, std::ios::app | std::ios::binary) << text;
  }
  Drained drain() {
    return log_.drain(clock_.now(),
                      [&](const KmsgRecord& record) { texts_.emplace_back(record.text); });
  }
  TempTree tree_;
  std::string path_ = tree_.path() + "/kmsg";
  FakeClock clock_;
  KernelLog log_{path_};
  std::vector<std::string> texts_;
};

TEST_F(KernelLogFile, GivesEachRecordOnceAndNoHalfOnes) {
  write("6,1,10,-;one\n SUBSYSTEM=pci\n DEVICE=+pci:1\n6,2,20,-;tw");
  EXPECT_EQ(drain(), Drained::kAll);
  EXPECT_EQ(texts_, std::vector<std::string>{"one"});
  write("o\n6,3,30,-;three\n");
  EXPECT_EQ(drain(), Drained::kAll);
  EXPECT_EQ(texts_, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(drain(), Drained::kAll);
  EXPECT_EQ(texts_.size(), 3U);
  EXPECT_EQ(log_.stats().records, 3U);
  EXPECT_EQ(log_.stats().lost, 0U);
}

TEST_F(KernelLogFile, CountsWhatIsMissingAndWhatItDoesNotUnderstand) {
  write("6,1,10,-;one\nrubbish\n6,5,20,-;five\n");
  EXPECT_EQ(drain(), Drained::kAll);
  EXPECT_EQ(log_.stats().lost, 3U);
  EXPECT_EQ(log_.stats().malformed, 1U);
  EXPECT_EQ(texts_.size(), 2U);
}

TEST_F(KernelLogFile, AFloodIsReadInParts) {
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += "6," + std::to_string(i) + ",10,-;noise\n";
  write(flood);
  EXPECT_EQ(drain(), Drained::kPart);
  EXPECT_LT(texts_.size(), 20'000U);
  while (drain() == Drained::kPart) {
  }
  EXPECT_EQ(texts_.size(), 20'000U);
}

TEST_F(KernelLogFile, IsTriedAgainWhenItCouldNotBeOpened) {
  EXPECT_EQ(drain(), Drained::kNothing);
  EXPECT_FALSE(log_.stats().readable);
  EXPECT_NE(log_.stats().error.find("ENOENT"), std::string::npos) << log_.stats().error;
  write("6,1,10,-;one\n");
  EXPECT_EQ(drain(), Drained::kNothing) << "not at every tick";
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(drain(), Drained::kAll);
  EXPECT_TRUE(log_.stats().readable);
  EXPECT_EQ(texts_.size(), 1U);
}

TEST_F(KernelLogFile, FromNowOnLeavesOutThePast) {
  write("6,1,10,-;past\n");
  KernelLog log(path_, KernelLog::From::kNow);
  std::vector<std::string> texts;
  const auto each = [&](const KmsgRecord& record) { texts.emplace_back(record.text); };
  EXPECT_EQ(log.drain(clock_.now(), each), Drained::kAll);
  EXPECT_GE(log.fd(), 0);
  write("6,2,10,-;now\n");
  EXPECT_EQ(log.drain(clock_.now(), each), Drained::kAll);
  EXPECT_EQ(texts, std::vector<std::string>{"now"});
}

TEST(KernelLog, OfNoNameIsNone) {
  KernelLog log("");
  EXPECT_EQ(log.drain(MonoTime{}, [](const KmsgRecord&) {}), Drained::kNothing);
  EXPECT_FALSE(log.stats().readable);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
