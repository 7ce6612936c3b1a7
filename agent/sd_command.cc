#include "agent/sd_command.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <thread>

#include "agent/complain.h"
#include "agent/etcd_flags.h"
#include "agent/exit_code.h"
#include "agent/service_manager.h"
#include "agent/signals.h"
#include "agent/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/read_file.h"
#include "http/etcd/etcd_store.h"
#include "http/etcd/file_sd.h"
#include "http/etcd/follower.h"

namespace plimsoll::agent {

namespace {

struct SdFlags {
  etcd::EtcdOptions client;
  std::string prefix = "/plimsoll";
  std::string output;
  std::string what = "nodes";
  bool once = false;
};

// Changes that come together make one file.
constexpr std::chrono::milliseconds kBetweenFiles{200};
// At a file that could not be written, and whether etcd is still followed.
constexpr std::chrono::milliseconds kLookAgain{5000};
// A follower shows that it lives at least as often: its watch ends after a minute of silence.
constexpr std::chrono::seconds kHeartbeat{90};

// The file, or standard output; written only when the text is another than it was.
class Output {
 public:
  explicit Output(std::string path) : path_(std::move(path)) {
    if (path_.empty()) return;
    const Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    ReadBuffer buffer;
    if (const auto text = file ? buffer.read_all(file, path_) : Result<std::string_view>(""); text)
      last_ = *text;
  }

  // False when the reader of standard output went away.
  Result<bool> write(std::string text) {
    if (text == last_) return true;
    Result<bool> written = true;
    if (path_.empty())
      written = write_all(STDOUT_FILENO, text);
    else
      PLIMSOLL_TRY(etcd::replace_file(path_, text));
    last_ = std::move(text);
    return written;
  }

 private:
  const std::string path_;
  std::string last_;
};

etcd::FollowerOptions follower_options(const SdFlags& flags) {
  etcd::FollowerOptions options;
  options.prefix = flags.prefix + "/" + flags.what + "/";
  return options;
}

int write_once(const SdFlags& flags, etcd::KeyFeed& feed) {
  exit_on_interrupt();
  etcd::Directory directory;
  etcd::Follower follower(follower_options(flags), feed, directory);
  if (const auto read = follower.read_all(); !read) {
    complain("sd", describe(read.error()));
    const bool away = read.error().kind == ErrorKind::kNotOffered ||
                      read.error().kind == ErrorKind::kBusy || read.error().kind == ErrorKind::kIo;
    return away ? kExitUnreachable : exit_code_of(read.error().kind);
  }
  if (const std::size_t bad = directory.malformed(); bad > 0)
    complain("sd", std::to_string(bad) + " keys hold no targets that Prometheus could read");
  Output output(flags.output);
  const auto written = output.write(directory.text());
  return written ? kExitOk : complain("sd", written.error());
}

// What follows etcd, and who is told that it does.
struct Watched {
  const etcd::Directory& directory;
  const etcd::Follower& follower;
  const Fd& changed;
  ServiceManager& manager;
};

// Keeps the file. Trouble with it is told once, and tried again with the next change and every few
// seconds.
class Keeper {
 public:
  Keeper(const Watched& watched, Output& output) : watched_(watched), output_(output) {}

  // Until a signal, or until nobody reads standard output.
  int run(const Fd& signals) {
    for (;;) {
      // Before anything else: what was read before the sign is in the file when it is told.
      const std::uint64_t signs = watched_.follower.signs_of_life();
      std::array<pollfd, 2> waiting{
          {{signals.get(), POLLIN, 0}, {watched_.changed.get(), POLLIN, 0}}};
      const auto patience = ready_ || failing_ ? kLookAgain : kBetweenFiles;
      const int woken = ::poll(waiting.data(), waiting.size(), static_cast<int>(patience.count()));
      if (woken < 0 && errno != EINTR) return complain("sd", os_failure("poll", "signals").error());
      if (waiting[0].revents != 0) return kExitOk;
      if (woken < 0) continue;
      if ((waiting[1].revents != 0 || failing_) && !write()) return kExitOk;
      tell(signs);
      if (woken > 0) ::poll(waiting.data(), 1, static_cast<int>(kBetweenFiles.count()));
    }
  }

 private:
  // False when nobody reads any more.
  bool write() {
    std::uint64_t changes = 0;
    (void)!::read(watched_.changed.get(), &changes, sizeof changes);
    const Result<bool> written = output_.write(watched_.directory.text());
    if (written && !*written) return false;
    if (!written && !failing_) log::error(written.error().message());
    failing_ = !written;
    if (const std::size_t bad = watched_.directory.malformed(); bad != malformed_) {
      log::warn(std::to_string(bad) + " keys hold no targets that Prometheus could read");
      malformed_ = bad;
    }
    return true;
  }

  // Ready is who wrote the first list, or knows that etcd is away; alive, whose follower is.
  void tell(std::uint64_t signs) {
    if (signs == signs_ || (!ready_ && failing_)) return;
    signs_ = signs;
    ready_ = true;
    watched_.manager.alive("following etcd");
  }

  const Watched watched_;
  Output& output_;
  bool failing_ = false, ready_ = false;
  std::size_t malformed_ = 0;
  std::uint64_t signs_ = 0;
};

int follow(const SdFlags& flags, etcd::KeyFeed& feed) {
  const Result<Fd> signals = block_signals({SIGINT, SIGTERM});
  if (!signals) return complain("sd", signals.error());
  const RealClock clock;
  auto manager = ServiceManager::create(service_environment(), clock, kHeartbeat);
  if (!manager) return complain("sd", manager.error());
  const Fd changed(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!changed) return complain("sd", os_failure("eventfd", "changes").error());
  etcd::Directory directory([&changed] {
    const std::uint64_t one = 1;
    (void)!::write(changed.get(), &one, sizeof one);
  });
  etcd::Follower follower(follower_options(flags), feed, directory);
  std::jthread following([&](const std::stop_token& stop) { follower.run(stop); });
  Output output(flags.output);
  const int code = Keeper({directory, follower, changed, *manager}, output).run(*signals);
  manager->stopping();
  following.request_stop();
  feed.cancel();
  return code;
}

int run_sd(const SdFlags& flags) {
  if (flags.what != "nodes" && flags.what != "containers") {
    complain("sd", "--what: '" + flags.what + "': give nodes or containers");
    return kExitUsage;
  }
  if (flags.client.endpoints.empty()) {
    complain("sd", "--etcd.endpoints: give an address, such as http://127.0.0.1:2379");
    return kExitUsage;
  }
  const auto store = etcd::EtcdStore::create(flags.client);
  if (!store) return complain("sd", store.error());
  return flags.once ? write_once(flags, **store) : follow(flags, **store);
}

constexpr const char* kDetails =
    R"(Without --output each new list is printed. The file is replaced as a whole, and stays as it is
while etcd is away.

Examples:
  plimsoll sd --etcd.endpoints=http://127.0.0.1:2379 --once
  plimsoll sd --etcd.endpoints=http://127.0.0.1:2379 --output=/etc/prometheus/plimsoll.json
  plimsoll sd --etcd.endpoints=http://127.0.0.1:2379 --what=containers --output=/etc/prometheus/containers.json
)";

}  // namespace

Command sd_command() {
  const auto flags = std::make_shared<SdFlags>();
  Command command;
  command.name = "sd";
  command.summary = "Write what hosts registered in etcd to a file for Prometheus";
  command.details = kDetails;
  command.options = {
      {"--output", &flags->output, "The file for file_sd_configs; default: standard output",
       "FILE"},
      {"--what", &flags->what, "nodes (their exporters) or containers (that declare a port)",
       "WORD"},
      {"--once", &flags->once, "Write what there is now and end", {}},
  };
  command.add_flags = [flags](CLI::App& app) {
    add_etcd_client_flags(app, flags->client, flags->prefix,
                          "The etcd to watch, such as http://127.0.0.1:2379");
  };
  command.run = [flags] { return run_sd(*flags); };
  return command;
}

}  // namespace plimsoll::agent
