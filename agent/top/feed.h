// Where samples come from, in a thread of its own: an exporter, or this process.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "agent/stats/source.h"
#include "agent/top/mailbox.h"

namespace plimsoll::agent::top {

struct FeedOptions {
  std::optional<Remote> remote;     // The exporter that was asked for: no other source will do.
  bool local = false;               // Sample here even if an exporter runs.
  exporter::SamplerConfig sampler;  // Where this host's trees are.
  SourceOptions source;
};

// Posts samples for as long as the process lives. An exporter that goes away is replaced by our own
// samples, one that was asked for by name is asked again; both are told in a note. When there is
// nothing to be had, a SourceEnd.
//
// Thread: start() makes one that nobody waits for (a read may last as long as the interval), so the
// process has to end by _exit(). want_all_cgroups() from any.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  Feed(FeedOptions options, std::shared_ptr<Mailbox> mailbox);
  void start();
  // From the next sample on.
  void want_all_cgroups(bool all) { all_cgroups_ = all; }

 private:
  void run();
  void run_remote();
  void run_here();
  [[nodiscard]] bool reads_this_host() const;
  [[nodiscard]] Result<> read(StatsSource& source, bool all_cgroups);
  [[nodiscard]] Result<> ask(const Remote& remote);
  [[nodiscard]] Result<> sample();
  [[nodiscard]] SourceOptions options_now() const;

  FeedOptions options_;
  std::shared_ptr<Mailbox> mailbox_;
  std::atomic<bool> all_cgroups_;
  bool shown_ = false;  // At least one sample was posted.
  bool noted_ = false;
};

}  // namespace plimsoll::agent::top
