#include "cgroupfs/watch/register.h"

#include <gtest/gtest.h>

#include "cgroupfs/watch/watcher.h"

namespace plimsoll::cgroupfs {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(StallTrigger, IsWrittenInMicroseconds) {
  EXPECT_EQ((StallTrigger{StallResource::kMemory, milliseconds(150), seconds(1)}.text()),
            "some 150000 1000000");
}

TEST(StallTrigger, WidensToWholeMultiplesOfTwoSecondsAndKeepsTheShare) {
  struct Row {
    microseconds stall, window, wide_stall, wide_window;
  };
  for (const Row& row : {Row{milliseconds(50), milliseconds(500), milliseconds(200), seconds(2)},
                         Row{milliseconds(200), seconds(2), milliseconds(200), seconds(2)},
                         Row{milliseconds(300), seconds(3), milliseconds(400), seconds(4)},
                         Row{seconds(1), seconds(10), seconds(1), seconds(10)},
                         Row{seconds(2), seconds(20), seconds(1), seconds(10)}}) {
    const StallTrigger wide = widened({StallResource::kIo, row.stall, row.window});
    EXPECT_EQ(wide.stall, row.wide_stall) << row.window.count();
    EXPECT_EQ(wide.window, row.wide_window) << row.window.count();
    EXPECT_EQ(wide.resource, StallResource::kIo);
  }
}

TEST(Watcher, KnowsTheFilesThatTellOfLimits) {
  EXPECT_EQ(Watcher::kind_of_file("memory.events"), SignalKind::kMemoryEvents);
  EXPECT_EQ(Watcher::kind_of_file("memory.events.local"), SignalKind::kMemoryEvents);
  EXPECT_EQ(Watcher::kind_of_file("memory.swap.events"), SignalKind::kMemoryEvents);
  EXPECT_EQ(Watcher::kind_of_file("pids.events"), SignalKind::kPidsEvents);
  EXPECT_EQ(Watcher::kind_of_file("cgroup.procs"), std::nullopt);
  EXPECT_EQ(Watcher::kind_of_file("memory.max"), std::nullopt);
  EXPECT_EQ(Watcher::kind_of_file(""), std::nullopt);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
