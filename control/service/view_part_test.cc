#include "control/service/view_part.h"

#include <gtest/gtest.h>

#include "cgroupfs/limit/test_views.h"

namespace plimsoll::control {
namespace {

TEST(ViewPart, HasWhatIsAboveAndBelow) {
  const limit::KernelView whole =
      limit::ViewOf(2, {"/a", "/ab", "/b", "/b/c", "/b/c/d", "/b/ca"}).view();
  const limit::KernelView part = view_part(whole, "/b/c");
  ASSERT_EQ(part.groups.size(), 4U);
  EXPECT_EQ(part.groups[0].path, "/");
  EXPECT_FALSE(part.groups[0].parent);
  EXPECT_EQ(part.groups[1].path, "/b");
  EXPECT_EQ(part.groups[1].parent, 0U);
  EXPECT_EQ(part.groups[2].path, "/b/c");
  EXPECT_EQ(part.groups[2].parent, 1U);
  EXPECT_EQ(part.groups[3].path, "/b/c/d");
  EXPECT_EQ(part.groups[3].parent, 2U);
  EXPECT_EQ(part.groups[2].files, whole.groups[*whole.index_of("/b/c")].files);
  EXPECT_EQ(part.cpu_ids, whole.cpu_ids);
}

TEST(ViewPart, WithoutTheGroupThereIsNoIndexOfIt) {
  const limit::KernelView whole = limit::ViewOf(1, {"/a"}).view();
  EXPECT_FALSE(view_part(whole, "/b").index_of("/b"));
}

}  // namespace
}  // namespace plimsoll::control
