#include "control/journal/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plimsoll::control {
namespace {

using testing::ElementsAre;

std::string three() {
  std::string bytes;
  for (const char* record : {"first", "", "third PLJ1 inside"}) append_frame(bytes, record);
  return bytes;
}

// RFC 3720, appendix B.4, and the usual check value.
TEST(Crc32c, HasTheKnownValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(Frames, AreFoundAgain) {
  const std::string bytes = three();
  const Frames frames = scan_frames(bytes);
  EXPECT_THAT(frames.records, ElementsAre("first", "", "third PLJ1 inside"));
  EXPECT_EQ(frames.bad_bytes, 0U);
  EXPECT_FALSE(frames.damaged);
}

TEST(Frames, ATornEndIsNoDamage) {
  const std::string whole = three();
  const std::size_t last = whole.size() - kFrameHead - std::string("third PLJ1 inside").size();
  for (std::size_t size = last; size < whole.size(); ++size) {
    const std::string bytes = whole.substr(0, size);
    const Frames frames = scan_frames(bytes);
    EXPECT_THAT(frames.records, ElementsAre("first", "")) << size;
    EXPECT_EQ(frames.bad_bytes, size - last);
    EXPECT_FALSE(frames.damaged);
  }
}

TEST(Frames, OneWrongBitCostsOneRecord) {
  const std::string whole = three();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const Frames frames = scan_frames(bytes);
    ASSERT_EQ(frames.records.size(), 2U) << bit;
    EXPECT_EQ(frames.damaged, frames.records.back() == "third PLJ1 inside") << bit;
    EXPECT_GT(frames.bad_bytes, 0U);
  }
}

TEST(Frames, ALengthThatNobodyWroteIsNotBelieved) {
  std::string bytes("PLJ1\xff\xff\xff\xff....", 12);
  append_frame(bytes, "good");
  EXPECT_THAT(scan_frames(bytes).records, ElementsAre("good"));
}

}  // namespace
}  // namespace plimsoll::control
