#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <memory>

#include "agent/complain.h"
#include "agent/containers/container_commands.h"
#include "agent/containers/listing.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"

namespace plimsoll::agent {
namespace {

struct Flags {
  std::string socket;
  bool all = false;
  bool quiet = false;
  bool whole = false;
  bool force = false;
  std::string file;
  std::vector<std::string> names;
};
using FlagsPtr = std::shared_ptr<Flags>;

int images(const Flags& flags) {
  const auto body =
      EngineApi(flags.socket)
          .ask({.target = std::string("/images/json?all=") + (flags.all ? "1" : "0")});
  if (!body) return complain("images", body.error());
  const auto text = list_images(*body, {.show = flags.quiet ? Show::kIds : Show::kTable,
                                        .whole = flags.whole,
                                        .now_seconds = std::time(nullptr)});
  if (!text) return complain("images", text.error());
  std::fputs(text->c_str(), stdout);
  return kExitOk;
}

// "-" and nothing are standard input.
Result<Fd> open_archive(const std::string& path) {
  const bool here = path.empty() || path == "-";
  Fd file(here ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
               : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return os_failure("open", here ? "standard input" : path);
  if (here && ::isatty(STDIN_FILENO) == 1)
    return invalid_input("FILE", "an archive comes from a file or a pipe, not from a terminal");
  return file;
}

int upload(const char* command, const Flags& flags, const std::string& path,
           const std::string& target) {
  const auto archive = open_archive(path);
  if (!archive) return complain(command, archive.error());
  std::string said;
  ProgressText progress(&said);
  const auto sent = EngineApi(flags.socket)
                        .follow({.method = "POST", .target = target, .upload = &*archive},
                                [&](std::string_view piece) {
                                  progress.feed(piece);
                                  return true;
                                });
  if (!sent) return complain(command, sent.error());
  if (!progress.failure().empty())
    return complain(command, NoAnswer{progress.failure(), kExitFailure});
  std::fputs(said.c_str(), stdout);
  return kExitOk;
}

int import_tree(const Flags& flags) {
  if (flags.names.empty() || flags.names.size() > 2) {
    complain("import", "give the archive (or -) and a name: plimsoll import tree.tar name:tag");
    return kExitUsage;
  }
  const std::string name = flags.names.size() > 1 ? flags.names[1] : "";
  const std::size_t colon = name.rfind(':');
  const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;
  std::string target =
      "/images/create?fromSrc=-&repo=" + percent_encoded(tagged ? name.substr(0, colon) : name);
  if (tagged) target += "&tag=" + percent_encoded(name.substr(colon + 1));
  return upload("import", flags, flags.names.front(), target);
}

int for_each(const char* command, const Flags& flags, const ActOnName& act) {
  return for_each_name(command, "name an image", flags.socket, flags.names, act);
}

ApiAnswer<> remove_image(const EngineApi& api, const std::string& name, bool force) {
  const auto done =
      api.ask({.method = "DELETE",
               .target = "/images/" + percent_encoded(name) + (force ? "?force=1" : "")});
  if (!done) return std::unexpected(done.error());
  std::printf("%s\n", name.c_str());
  return {};
}

Command command_of(const char* name, const char* summary, const FlagsPtr& flags,
                   const std::function<int(const Flags&)>& run) {
  Command command;
  command.name = name;
  command.summary = summary;
  command.options = {socket_option(flags->socket)};
  command.run = [flags, run] { return run(*flags); };
  return command;
}

Command images_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = command_of("images", "List the engine's images", flags, images);
  command.options.push_back(
      {"-a,--all", &flags->all, "Those without a name that others are built on, too", "", ""});
  command.options.push_back({"-q,--quiet", &flags->quiet, "Ids only", "", ""});
  command.options.push_back({"--no-trunc", &flags->whole, "Whole ids", "", ""});
  return command;
}

Command pull_command() {
  const auto flags = std::make_shared<Flags>();
  Command command =
      command_of("pull", "Fetch images from a registry", flags,
                 [](const Flags& given) { return for_each("pull", given, pull_image); });
  command.options.push_back({"NAME", &flags->names, "REGISTRY/NAME:TAG or NAME@DIGEST", "", ""});
  return command;
}

Command load_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = command_of(
      "load", "Take images out of an archive that `save` made", flags,
      [](const Flags& given) { return upload("load", given, given.file, "/images/load?quiet=1"); });
  command.options.push_back(
      {"-i,--input", &flags->file, "The archive; standard input without it", "FILE", ""});
  return command;
}

Command import_command() {
  const auto flags = std::make_shared<Flags>();
  Command command =
      command_of("import", "Make an image of an archive of a root directory", flags, import_tree);
  command.options.push_back({"FILE", &flags->names, "FILE (or -) and NAME[:TAG]", "", ""});
  return command;
}

Command rmi_command() {
  const auto flags = std::make_shared<Flags>();
  Command command = command_of("rmi", "Remove images", flags, [](const Flags& given) {
    return for_each("rmi", given, [&](const EngineApi& api, const std::string& name) {
      return remove_image(api, name, given.force);
    });
  });
  command.options.push_back({"NAME", &flags->names, "Name, id, or its beginning", "", ""});
  command.options.push_back(
      {"-f,--force", &flags->force, "Also where stopped containers are made of them", "", ""});
  return command;
}

}  // namespace

std::vector<Command> image_commands() {
  return {images_command(), pull_command(), load_command(), import_command(), rmi_command()};
}

}  // namespace plimsoll::agent
