#include "agent/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/fd.h"

namespace plimsoll::agent {
namespace {

struct Pipe {
  Fd read_end, write_end;
};
Pipe make_pipe() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

TEST(Terminal, APipeIsNotInteractive) {
  const Pipe pipe = make_pipe();
  EXPECT_FALSE(inspect_terminal(pipe.write_end.get()).interactive);
}

TEST(WantsColour, FollowsTheChoiceThenTheTerminalThenNoColor) {
  const Terminal tty{.interactive = true};
  const Terminal file{.interactive = false};
  EXPECT_TRUE(wants_colour(ColourChoice::kAuto, tty, nullptr));
  EXPECT_TRUE(wants_colour(ColourChoice::kAuto, tty, ""));
  EXPECT_FALSE(wants_colour(ColourChoice::kAuto, tty, "1"));
  EXPECT_FALSE(wants_colour(ColourChoice::kAuto, file, nullptr));
  EXPECT_TRUE(wants_colour(ColourChoice::kAlways, file, "1"));
  EXPECT_FALSE(wants_colour(ColourChoice::kNever, tty, nullptr));
  EXPECT_EQ(colour_choice("always"), ColourChoice::kAlways);
  EXPECT_EQ(colour_choice("sometimes"), std::nullopt);
}

TEST(WriteAll, SaysQuietlyThatTheReaderLeft) {
  std::signal(SIGPIPE, SIG_IGN);  // As main_cli does.
  Pipe pipe = make_pipe();
  const auto written = write_all(pipe.write_end.get(), "text");
  ASSERT_TRUE(written);
  EXPECT_TRUE(*written);
  pipe.read_end.reset();
  const auto broken = write_all(pipe.write_end.get(), "text");
  ASSERT_TRUE(broken);
  EXPECT_FALSE(*broken);
}

TEST(WriteAll, ReportsAFullDisk) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) GTEST_SKIP() << "no /dev/full here";
  const auto written = write_all(full.get(), "text");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().os_error, ENOSPC);
}

TEST(ExitOnInterrupt, EndsWith130) {
  const ::pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    exit_on_interrupt();
    ::raise(SIGINT);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
}

}  // namespace
}  // namespace plimsoll::agent
