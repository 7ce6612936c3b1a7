#include <csignal>
#include <cstdio>
#include <memory>

#include "agent/complain.h"
#include "agent/containers/attached.h"
#include "agent/containers/container_commands.h"
#include "agent/containers/run_request.h"
#include "agent/exit_code.h"
#include "agent/percent_encode.h"
#include "base/json.h"

namespace plimsoll::agent {
namespace {

constexpr const char* kName = "run";
constexpr int kExitEngine = 125;

struct Flags {
  std::string socket;
  RunFlags run;
};

std::string field(std::string_view body, std::string_view key) {
  const auto document = json::parse(body);
  const json::Value* value = document ? document->root.find(key) : nullptr;
  return value == nullptr ? std::string() : std::string(value->text);
}

void print_warnings(std::string_view body) {
  const auto document = json::parse(body);
  const json::Value* list = document ? document->root.find("Warnings") : nullptr;
  if (list == nullptr || list->type != json::Type::kArray) return;
  for (const json::Member& warning : list->members)
    std::fprintf(stderr, "WARNING: %s\n", std::string(warning.value.text).c_str());
}

class Run {
 public:
  explicit Run(const Flags& flags) : flags_(flags), api_(flags.socket) {}

  int run() {
    const auto body = run_request(flags_.run);
    if (!body) {
      complain(kName, describe(body.error()));
      return kExitEngine;
    }
    const auto created = create(*body);
    if (!created) return fail(created.error());
    print_warnings(*created);
    id_ = field(*created, "Id");
    return flags_.run.detach ? start_and_leave() : start_and_stay();
  }

 private:
  int fail(const NoAnswer& why) const {
    complain(kName, std::string_view(why.message));
    return run_exit_code(why.message);
  }

  ApiAnswer<std::string> create(const std::string& body) {
    const std::string& image = flags_.run.words.front();
    if (flags_.run.pull == "always")
      if (const auto pulled = pull_image(api_, image); !pulled)
        return std::unexpected(pulled.error());
    const ApiQuestion question{
        .method = "POST",
        .target = "/containers/create?name=" + percent_encoded(flags_.run.name),
        .json = body};
    auto created = api_.ask(question);
    const bool missing = !created && created.error().message.starts_with("No such image");
    if (!missing || flags_.run.pull != "missing") return created;
    std::fprintf(stderr, "Unable to find image '%s' locally\n", image.c_str());
    if (const auto pulled = pull_image(api_, image); !pulled)
      return std::unexpected(pulled.error());
    return api_.ask(question);
  }

  [[nodiscard]] std::string path(const std::string& what) const {
    return "/containers/" + id_ + what;
  }
  [[nodiscard]] ApiAnswer<std::string> post(const std::string& what) const {
    return api_.ask({.method = "POST", .target = path(what)});
  }

  // A container that never ran and that --rm was to remove is of no use to anybody.
  int not_started(const NoAnswer& why) const {
    if (flags_.run.remove) api_.tell({.method = "DELETE", .target = path("?force=1&v=1")});
    return fail(why);
  }

  int start_and_leave() {
    if (const auto started = post("/start"); !started) return not_started(started.error());
    std::printf("%s\n", id_.c_str());
    return kExitOk;
  }

  int start_and_stay() {
    const SignalGuard signals;
    const bool input = flags_.run.interactive;
    auto attached = api_.begin({.method = "POST",
                                .target = path(std::string("/attach?stream=1&stdout=1&stderr=1") +
                                               (input ? "&stdin=1" : "")),
                                .upgrade = true});
    if (!attached) return fail(attached.error());
    if (attached->status() != 101) return fail(EngineApi::refusal(*attached));
    // Asked before the start, or a short life could be over before anybody waits.
    auto waiting = api_.begin({.method = "POST",
                               .target = path(std::string("/wait?condition=") +
                                              (flags_.run.remove ? "removed" : "next-exit"))});
    if (!waiting) return fail(waiting.error());
    if (const auto started = post("/start"); !started) return not_started(started.error());
    const auto parted = pump(*attached, attachment(), signals);
    if (!parted) complain(kName, parted.error().message());
    if (parted && *parted == Parted::kDetached) return kExitOk;
    const auto ended = waiting->read_all();
    if (!ended) return fail({ended.error().message(), kExitFailure});
    const std::string code = field(*ended, "StatusCode");
    return code.empty() ? kExitEngine : std::atoi(code.c_str());
  }

  [[nodiscard]] Attachment attachment() const {
    Attachment attachment{
        .tty = flags_.run.tty, .input = flags_.run.interactive, .name = id_.substr(0, 12)};
    attachment.resize = [this](unsigned rows, unsigned columns) {
      api_.tell(
          {.method = "POST",
           .target = path("/resize?h=" + std::to_string(rows) + "&w=" + std::to_string(columns))});
    };
    attachment.signal = [this](int signal) {
      api_.tell({.method = "POST", .target = path("/kill?signal=" + std::to_string(signal))});
    };
    return attachment;
  }

  const Flags& flags_;
  const EngineApi api_;
  std::string id_;
};

constexpr const char* kDetails =
    "The exit code is the program's; 125: the engine refused, 126: the program cannot be "
    "executed,\n"
    "127: it was not found. ctrl-p ctrl-q leaves a terminal while the program goes on.\n\n"
    "Examples:\n"
    "  plimsoll run --rm -it debian:12 bash\n"
    "  plimsoll run -d --name web -p 8080:80 --memory 256m --cpus 0.5 nginx\n"
    "  plimsoll run --rm -v data:/data -e MODE=check tools /bin/check --all\n";

}  // namespace

Command run_container_command() {
  const auto flags = std::make_shared<Flags>();
  Command command;
  command.name = kName;
  command.summary = "Run a program in a new container";
  command.details = kDetails;
  command.options = run_options(flags->run);
  command.options.push_back({"IMAGE", &flags->run.words,
                             "Of what it is made; then the command and its arguments", "", ""});
  command.options.push_back(socket_option(flags->socket));
  command.words = &flags->run.words;
  command.run = [flags] { return Run(*flags).run(); };
  return command;
}

}  // namespace plimsoll::agent
