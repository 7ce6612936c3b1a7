#include "control/journal/record.h"

#include <gtest/gtest.h>

#include "control/journal/test_changes.h"

namespace plimsoll::control {
namespace {

std::vector<Record> one_of_each() {
  limit::Write keyed = write_of("/a/b", "", "254:0 rbps=1048576", "io.max");
  keyed.key = "254:0";
  keyed.effective_file = "cpuset.cpus.effective";
  keyed.effective_text = "0-1";
  limit::Write enabling = write_of("/a", "", "+io", "cgroup.subtree_control");
  enabling.knob.reset();
  Begun begun = change_of({write_of("/a", "max", "64"), keyed, enabling}, Purpose::kLease,
                          std::chrono::seconds(600));
  begun.id = 7;
  const Spot spot = spot_of(keyed);
  const Before before{"rbps=1", {{"io.max", "254:0 rbps=1"}, {"io.weight", "100"}}};
  return {Started{moment_at(std::chrono::seconds(5))},
          begun,
          Stepped{7, 2, Step::kAfterUndo, limit::WriteState::kStuck, "67108864"},
          Ended{7, limit::Applied::End::kStuck, {0, 2}},
          Found{spot, before, "rbps=2"},
          Lease{7, begun.at, std::chrono::seconds(600), begun.cause, {{spot, before}}},
          LeaseEnded{7},
          Forgotten{keyed.at},
          Counted{0xFFFF'FFFF'FFFF'FFFFU},
          Returned{spot}};
}

TEST(JournalRecord, EachKindComesBackAsItWas) {
  const auto records = one_of_each();
  ASSERT_EQ(records.size(), std::variant_size_v<Record>);
  for (const Record& record : records) {
    const auto again = decode(encode(record));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_TRUE(*again == record) << record.index();
  }
}

TEST(JournalRecord, NoPartOfOneIsARecord) {
  for (const Record& record : one_of_each()) {
    const std::string bytes = encode(record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto part = decode(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(part) << record.index() << " cut at " << size;
      EXPECT_EQ(part.error().kind, ErrorKind::kMalformed);
    }
    EXPECT_FALSE(decode(bytes + '\0'));
  }
}

TEST(JournalRecord, AKindOfALaterVersionIsNamed) {
  const auto record = decode("\x2a");
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().subject, "record of kind 42");
}

TEST(JournalRecord, AKnobOfALaterVersionIsNamed) {
  Begun begun = change_of({write_of("/a", "1", "2")});
  std::string bytes = encode(begun);
  const std::size_t at = bytes.find("memory.max", bytes.find("memory.max") + 1);
  bytes.replace(at, 10, "memory.new");
  const auto record = decode(bytes);
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().subject, "memory.new");
}

TEST(JournalRecord, ACountWithoutElementsReservesNothing) {
  std::string bytes = encode(Ended{1, limit::Applied::End::kDone, {}});
  bytes.replace(bytes.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(decode(bytes));
}

}  // namespace
}  // namespace plimsoll::control
