#include "agent/top/top_command.h"

#include <unistd.h>

#include <array>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "agent/complain.h"
#include "agent/exporter_flags.h"
#include "agent/top/loop.h"
#include "agent/top/screen.h"
#include "agent/top/terminal_check.h"
#include "agent/top/top_flags.h"

namespace plimsoll::agent {

namespace {

using top::Ending;
using top::TopFlags;
using top::TopOptions;

struct State {
  TopFlags flags;
  exporter::SamplerConfig sampler;
};

// By _exit(): threads are still reading, and nobody waits for them.
[[noreturn]] void leave(const Ending& ending) {
  if (!ending.message.empty()) complain("top", ending.message);
  std::fflush(stdout);
  if (ending.signal != 0) {
    // As it would have ended us; whoever started us sees that.
    std::signal(ending.signal, SIG_DFL);
    sigset_t only{};
    ::sigemptyset(&only);
    ::sigaddset(&only, ending.signal);
    ::raise(ending.signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  }
  ::_exit(ending.exit_code);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

Result<top::FeedOptions> feed_options(const State& state, const TopOptions& options) {
  top::FeedOptions feed;
  feed.local = state.flags.local;
  feed.sampler = state.sampler;
  feed.source = options.source;
  if (state.flags.host)
    feed.remote = PLIMSOLL_TRY(
        parse_remote(*state.flags.host, state.flags.remote, std::getenv("PLIMSOLL_PASSWORD")));
  return feed;
}

// Returns only what went wrong before anything was started.
Result<> run(const State& state) {
  TopOptions options = PLIMSOLL_TRY(top::parse_top_flags(state.flags));
  PLIMSOLL_TRY(top::check_terminal());
  // Of all of the locale only which characters there are: numbers keep their points. Before there
  // are other threads, which it is not safe with.
  std::setlocale(LC_CTYPE, "");
  top::FeedOptions feed_with = PLIMSOLL_TRY(feed_options(state, options));
  options.model.host = state.flags.host.value_or(host_name());
  options.model.remote = state.flags.host.has_value();
  const Fd signals = PLIMSOLL_TRY(top::catch_signals());
  const auto mailbox = std::make_shared<top::Mailbox>(PLIMSOLL_TRY(top::Mailbox::make_bell()));
  const auto feed = std::make_shared<top::Feed>(std::move(feed_with), mailbox);
  feed->start();
  const Terminal terminal = inspect_terminal(STDOUT_FILENO);
  const bool colour = wants_colour(options.colour, terminal, std::getenv("NO_COLOR"));
  const Result<Ending> ending = top::run_loop(
      {.model = std::move(options.model),
       .screen = {.colour = colour, .mouse = state.flags.mouse, .ascii = state.flags.ascii},
       .socket = state.flags.socket,
       .mailbox = mailbox,
       .feed = feed,
       .signals = &signals});
  if (ending) leave(*ending);
  leave({exit_code_of(ending.error().kind), 0, describe(ending.error())});
}

constexpr const char* kDetails =
    R"(Keys: ? shows them all. Enter: charts and limits of one; /: search; s < >: sort; t: tree by project,
pod or slice; l: logs; e: change limits, through the engine; Space: hold; q: quit.

Examples:
  plimsoll top                               everything that runs; what is near a limit on top
  plimsoll top --sort cpu project=shop       one compose project, by CPU
  plimsoll top --host 10.0.0.7:7546          another host's exporter
)";

std::vector<Option> options_of(TopFlags& flags) {
  return {
      {"WORD", &flags.filters, "Search for it, as behind the key /: a word, or KEY=VALUE", "", ""},
      {"--sort", &flags.sort,
       "state name cpu mem mem% net io psi throttled pids oom created (default state)", "COL", ""},
      {"--tree", &flags.tree, "Begin with the tree by project, pod or slice", "", ""},
      {"--all-cgroups", &flags.all_cgroups, "Also units, slices and bare cgroups", "", ""},
      {"-i,--interval", &flags.interval, "Time between samples (default 1s)", "DURATION", ""},
      {"--mouse", &flags.mouse, "Clicks choose, the wheel scrolls", "", ""},
      {"--ascii", &flags.ascii, "No characters beyond ASCII", "", ""},
      {"--color", &flags.colour, "auto, always or never; auto honours NO_COLOR", "WHEN", ""},
      {"--socket", &flags.socket,
       "The engine's socket (default /run/plimsoll/plimsoll.sock), for logs and limits", "PATH",
       ""},
      {"--host", &flags.host, "Ask this exporter; https:// before it is TLS", "ADDR:PORT", ""},
      {"--user", &flags.remote.user, "As this user; the password is PLIMSOLL_PASSWORD or", "NAME",
       ""},
      {"--password-file", &flags.remote.password_file, "the first line of this file", "FILE", ""},
      {"--ca-file", &flags.remote.ca_file, "Who may vouch for https (default: the system's)", "PEM",
       ""},
      {"--cert-file", &flags.remote.cert_file, "Our certificate for https", "PEM", ""},
      {"--key-file", &flags.remote.key_file, "Its key", "PEM", ""},
      {"--insecure", &flags.remote.insecure, "Take any certificate", "", ""},
      {"--local", &flags.local, "Sample here even if an exporter runs", "", ""},
  };
}

}  // namespace

Command top_command() {
  const auto state = std::make_shared<State>();
  Command command;
  command.name = "top";
  command.summary = "What runs and how near its limits it is, live on the whole screen";
  command.details = kDetails;
  command.options = options_of(state->flags);
  command.add_flags = [state](CLI::App& app) { add_root_flags(app, state->sampler); };
  command.run = [state]() -> int {
    const Result<> result = run(*state);
    complain("top", describe(result.error()));
    return exit_code_of(result.error().kind);
  };
  return command;
}

}  // namespace plimsoll::agent
