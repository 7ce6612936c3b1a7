#include "agent/manual/manual_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "agent/complain.h"
#include "agent/exit_code.h"
#include "agent/manual/completion.h"
#include "agent/manual/man_page.h"
#include "agent/manual/model.h"
#include "agent/terminal.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/number.h"

namespace plimsoll::agent {

namespace {

struct ManFlags {
  std::string directory;
  std::vector<std::string> words;
};

// The day of the build where builds are to be the same (SOURCE_DATE_EPOCH), else today.
std::string date_of_pages() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe)
  const auto fixed = to_number<std::int64_t>(epoch == nullptr ? "" : epoch);
  const std::time_t when = fixed ? *fixed : std::time(nullptr);
  std::tm parts{};
  std::array<char, 16> text{};
  if (::gmtime_r(&when, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts) == 0)
    return "1970-01-01";
  return text.data();
}

int print(const std::string& text) {
  const Result<bool> written = write_all(STDOUT_FILENO, text);
  return written ? kExitOk : complain("", written.error());
}

Result<> write_file(const std::string& path, const std::string& text) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return os_failure("open", path);
  PLIMSOLL_TRY(write_all(file.get(), text));
  return {};
}

Result<> write_pages(const CommandText& root, const std::string& directory) {
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
    return os_failure("mkdir", directory);
  const PageFacts facts{PLIMSOLL_VERSION, date_of_pages()};
  for (const CommandText* command : flatten(root))
    PLIMSOLL_TRY(
        write_file(directory + "/" + joined(*command, '-') + ".1", man_page(*command, facts)));
  return {};
}

int run_man(const CommandText& root, const ManFlags& flags) {
  if (!flags.directory.empty()) {
    const auto written = write_pages(root, flags.directory);
    return written ? static_cast<int>(kExitOk) : complain("", written.error());
  }
  for (const CommandText* command : flatten(root))
    if (command->words == flags.words)
      return print(man_page(*command, {PLIMSOLL_VERSION, date_of_pages()}));
  std::string words;
  for (const std::string& word : flags.words) words += " " + word;
  std::fprintf(stderr, "plimsoll man: there is no command 'plimsoll%s'\n", words.c_str());
  return kExitUsage;
}

int run_completion(const CommandText& root, const std::string& shell) {
  const auto script = completion(root, shell);
  if (script) return print(*script);
  std::fprintf(stderr, "plimsoll completion: no shell '%s' is known; give bash, zsh or fish\n",
               shell.c_str());
  return kExitUsage;
}

}  // namespace

Command completion_command(AllCommands all) {
  const auto shell = std::make_shared<std::string>();
  Command command;
  command.name = "completion";
  command.summary = "Print a shell's completion script";
  command.details =
      "Packages install it. By hand:\n"
      "  plimsoll completion bash > /etc/bash_completion.d/plimsoll\n"
      "  plimsoll completion zsh > /usr/local/share/zsh/site-functions/_plimsoll\n"
      "  plimsoll completion fish > ~/.config/fish/completions/plimsoll.fish\n";
  command.options = {{"SHELL", shell.get(), "bash, zsh or fish", "SHELL"}};
  command.run = [shell, all = std::move(all)] { return run_completion(describe(all()), *shell); };
  return command;
}

Command man_command(AllCommands all) {
  const auto flags = std::make_shared<ManFlags>();
  Command command;
  command.name = "man";
  command.summary = "Print the manual page of a command";
  command.details =
      "Packages install all of them. To read one:\n"
      "  plimsoll man limit set | man -l -\n";
  command.options = {
      {"COMMAND", &flags->words, "Whose page: limit set. Without one: the program's", "COMMAND"},
      {"--output-dir", &flags->directory, "Write every page into this directory", "DIR"}};
  command.run = [flags, all = std::move(all)] { return run_man(describe(all()), *flags); };
  return command;
}

}  // namespace plimsoll::agent
