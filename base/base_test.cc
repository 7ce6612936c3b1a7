// Errors, descriptors, rollback, numbers: the habits every room relies on.
#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/rollback.h"
#include "base/temp_tree.h"

namespace plimsoll {
namespace {

int open_descriptors() {
  int count = 0;
  DIR* dir = ::opendir("/proc/self/fd");
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

TEST(Fd, MoveAssignmentClosesTheOldDescriptor) {
  const int before = open_descriptors();
  {
    Fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Fd b(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(open_descriptors(), before + 2);
    a = std::move(b);
    EXPECT_EQ(open_descriptors(), before + 1);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Fd, ClosingKeepsErrno) {
  Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  errno = ERANGE;
  fd.reset();
  EXPECT_EQ(errno, ERANGE);
}

TEST(OpenAt, IsCloexecAndDoesNotFollowSymlinks) {
  const TempTree tree{{"file", "x"}};
  const DirFd dir = open_dir(tree.path().c_str()).value();
  const Fd fd = open_at(dir, "file", O_RDONLY).value();
  EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  ASSERT_EQ(::symlink("file", (tree.path() + "/link").c_str()), 0);
  const auto refused = open_at(dir, "link", O_RDONLY);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().os_error, ELOOP);
}

TEST(OpenAt, ErrorSaysWhatOnWhatAndWhy) {
  const TempTree tree;
  const DirFd dir = open_dir(tree.path().c_str()).value();
  const auto missing = in("cgroup /a", open_at(dir, "memory.max", O_RDONLY));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotOffered);
  EXPECT_EQ(missing.error().message(),
            "cgroup /a: memory.max: openat: No such file or directory (ENOENT)");
}

TEST(ReadBuffer, ReadsLongFilesWhole) {
  const std::string text(100'000, 'x');
  const TempTree tree{{"long", text}};
  const DirFd dir = open_dir(tree.path().c_str()).value();
  ReadBuffer buffer;
  EXPECT_EQ(buffer.read_at(dir, "long").value(), text);
  const Fd fd = open_at(dir, "long", O_RDONLY).value();
  EXPECT_EQ(buffer.pread_all(fd, "long").value(), text);
  EXPECT_EQ(buffer.pread_all(fd, "long").value(), text) << "pread starts at 0 each time";
}

TEST(ReadFileAt, RefusesFilesBeyondTheCap) {
  const TempTree tree{{"long", std::string(1000, 'x')}};
  const DirFd dir = open_dir(tree.path().c_str()).value();
  EXPECT_EQ(read_file_at(dir, "long", 1000).value().size(), 1000U);
  const auto refused = read_file_at(dir, "long", 999);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRejected);
}

Result<int> half(int value) {
  if (value % 2 != 0) return malformed(std::to_string(value));
  return value / 2;
}
Result<int> quarter(int value) {
  const int first = PLIMSOLL_TRY(half(value));
  return PLIMSOLL_TRY(half(first));
}

TEST(Try, UnwrapsOrReturnsTheError) {
  EXPECT_EQ(quarter(8).value(), 2);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error().subject, "3");
  EXPECT_EQ(quarter(6).error().kind, ErrorKind::kMalformed);
}

TEST(Rollback, RunsInReverseUnlessCommitted) {
  std::string order;
  {
    Rollback rollback;
    rollback.on_failure([&] { order += "a"; });
    rollback.on_failure([&] { order += "b"; });
  }
  EXPECT_EQ(order, "ba");
  {
    Rollback rollback;
    rollback.on_failure([&] { order += "c"; });
    rollback.commit();
  }
  EXPECT_EQ(order, "ba");
}

TEST(Rollback, MovingHandsTheListOver) {
  std::string order;
  {
    Rollback outer;
    {
      Rollback inner;
      inner.on_failure([&] { order += "a"; });
      outer = std::move(inner);
    }
    EXPECT_EQ(order, "");
  }
  EXPECT_EQ(order, "a");
}

TEST(ToNumber, TakesWholeTokensOnly) {
  EXPECT_EQ(to_number<std::uint64_t>("18446744073709551615"), 18446744073709551615U);
  for (const std::string_view bad : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"})
    EXPECT_EQ(to_number<std::uint64_t>(bad), std::nullopt) << bad;
}

TEST(KindOf, GoneIsNotFailed) {
  EXPECT_EQ(kind_of(ENODEV), ErrorKind::kGone);
  EXPECT_EQ(kind_of(ENOENT), ErrorKind::kNotOffered);
  EXPECT_EQ(kind_of(EACCES), ErrorKind::kDenied);
  EXPECT_EQ(kind_of(EIO), ErrorKind::kIo);
}

}  // namespace
}  // namespace plimsoll
