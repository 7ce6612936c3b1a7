// Hot reads allocate nothing once everything has been seen: the sampler runs them for every cgroup,
// every second. A binary of its own, since it replaces operator new.
#include <cstdlib>
#include <new>

#include "cgroupfs/read/reader_fixture.h"

namespace {
std::size_t allocations = 0;
}

// Not inlined: the compiler would see malloc() freed by operator delete and object.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// std::stable_partition's buffer: what it frees by operator delete must come from here as well.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace plimsoll::cgroupfs {
namespace {

class Allocation : public FixtureHost {
 protected:
  // Of `rounds` reads after the first.
  std::size_t count(const Cgroup& group, bool full) {
    EXPECT_EQ(read(group), ReadOutcome::kRead);
    const ReadOutcome wanted = full ? ReadOutcome::kRead : ReadOutcome::kIdle;
    bool as_wanted = true;
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) as_wanted = as_wanted && read(group, kHotOnly, full) == wanted;
    const std::size_t after = allocations;
    EXPECT_TRUE(as_wanted);
    return after - before;
  }
};

TEST_F(Allocation, IsCountedAtAll) {
  const std::size_t before = allocations;
  const auto number = std::make_unique<int>(1);
  EXPECT_EQ(*number, 1);
  EXPECT_EQ(allocations, before + 1);
}

TEST_F(Allocation, NoneInHotReadsOfV1) {
  make_v1_container(host_, "a");
  open();
  start();
  EXPECT_EQ(count(group_at(layout_, "/a"), true), 0U);
  EXPECT_EQ(count(group_at(layout_, "/a"), false), 0U);
}

TEST_F(Allocation, NoneInHotReadsOfV2) {
  host_.write("cgroup.controllers", kV2Controllers);
  make_v2_container(host_, "a");
  open();
  start();
  EXPECT_EQ(count(group_at(layout_, "/a"), true), 0U);
  EXPECT_EQ(count(group_at(layout_, "/a"), false), 0U);
}

}  // namespace
}  // namespace plimsoll::cgroupfs
