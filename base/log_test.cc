#include "base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/fd.h"
#include "base/temp_tree.h"

namespace plimsoll {
namespace {

// What a warning and a message look like when stderr is a file, and JOURNAL_STREAM names that file
// or another one.
std::string logged(bool named) {
  const TempTree tree;
  const std::string path = std::string(tree.path()) + "/log";
  const Fd file{::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  struct stat status{};
  ::fstat(file.get(), &status);
  const std::string stream =
      std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino + (named ? 0 : 1));
  const Fd kept{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)};
  ::dup2(file.get(), STDERR_FILENO);
  ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
  log::start(log::Level::kInfo);
  log::warn("near the line");
  log::info("afloat");
  log::stop();
  ::unsetenv("JOURNAL_STREAM");
  ::dup2(kept.get(), STDERR_FILENO);
  std::string text(1 << 12, '\0');
  text.resize(static_cast<std::size_t>(::pread(file.get(), text.data(), text.size(), 0)));
  return text;
}

TEST(Log, GivesTheJournalItsPriorities) {
  EXPECT_EQ(logged(true), "<4>near the line\n<6>afloat\n");
}

TEST(Log, HasTimeAndLevelAnywhereElse) {
  const std::string text = logged(false);
  EXPECT_NE(text.find(" warning near the line\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" info afloat\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("<4>"), std::string::npos) << text;
}

}  // namespace
}  // namespace plimsoll
