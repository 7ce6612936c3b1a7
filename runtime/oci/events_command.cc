// events: the figures of a container time and again, and when its memory runs out.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "base/fill_in.h"
#include "base/go_duration.h"
#include "base/json.h"
#include "base/number.h"
#include "base/read_file.h"
#include "base/text.h"
#include "runtime/lifecycle/inner.h"
#include "runtime/oci/command.h"
#include "runtime/oci/stats.h"

namespace plimsoll::oci {

namespace {

using Clock = std::chrono::steady_clock;

// Tells when the kernel ended a process of the group for lack of memory.
class OomWatch {
 public:
  // Nothing to watch where memory is not limited by cgroups: it is never told then.
  static Result<OomWatch> open(const runtime::CgroupRecord& groups) {
    OomWatch watch;
    for (const runtime::CgroupPlace& place : groups.places) {
      if (("," + place.hierarchy + ",").find(",memory,") != std::string::npos) {
        PLIMSOLL_TRY(watch.open_v1(place.path));
        return watch;
      }
    }
    for (const runtime::CgroupPlace& place : groups.places)
      if (place.hierarchy.empty()) PLIMSOLL_TRY(watch.open_v2(place.path));
    return watch;
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  // How often, since it was last asked.
  std::uint64_t take() {
    if (!fd_) return 0;
    std::array<char, 4096> bytes{};
    const ssize_t n = ::read(fd_.get(), bytes.data(), bytes.size());
    // An eventfd counts itself, but also tells of the group's removal.
    if (events_.empty()) return n > 0 && ::access(control_.c_str(), F_OK) == 0 ? 1 : 0;
    const std::uint64_t now = kills().value_or(kills_);
    const std::uint64_t times = now > kills_ ? now - kills_ : 0;
    kills_ = now;
    return times;
  }

 private:
  Result<> open_v1(const std::string& group) {
    control_ = group + "/memory.oom_control";
    const Fd control(::open(control_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!control) return os_failure("open", control_);
    fd_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd_) return os_failure("eventfd", control_);
    const std::string path = group + "/cgroup.event_control";
    const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return os_failure("open", path);
    const std::string text = fill_in("{} {}", fd_.get(), control.get());
    if (::write(file.get(), text.data(), text.size()) < 0) return os_failure("write", path);
    return {};
  }
  Result<> open_v2(const std::string& group) {
    events_ = group + "/memory.events";
    if (::access(events_.c_str(), F_OK) != 0) return {};
    fd_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd_) return os_failure("inotify_init1", events_);
    if (::inotify_add_watch(fd_.get(), events_.c_str(), IN_MODIFY) < 0)
      return os_failure("inotify_add_watch", events_);
    kills_ = kills().value_or(0);
    return {};
  }
  [[nodiscard]] std::optional<std::uint64_t> kills() const {
    const auto text = read_file_at(DirFd(AT_FDCWD), events_.c_str());
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    for (std::string_view line; next_line(rest, line);)
      if (line.starts_with("oom_kill ")) return to_number<std::uint64_t>(line.substr(9));
    return std::nullopt;
  }

  Fd fd_;
  std::string control_;  // v1
  std::string events_;   // v2
  std::uint64_t kills_ = 0;
};

std::string event(const std::string& id, std::string_view type, std::string_view data) {
  std::string text = R"({"type":)";
  json::append_string(text, type);
  text += R"(,"id":)";
  json::append_string(text, id);
  if (!data.empty()) {
    text += R"(,"data":)";
    text += data;
  }
  return text + "}\n";
}

void tell_of_oom(OomWatch& watch, const std::string& id) {
  for (std::uint64_t times = watch.take(); times > 0; --times) print(event(id, "oom", ""));
}

// Until the container's first process has ended.
Result<int> follow(const std::string& id, const runtime::CgroupRecord& groups, const Fd& init,
                   std::chrono::nanoseconds interval) {
  OomWatch watch = PLIMSOLL_TRY(OomWatch::open(groups));
  auto due = Clock::now() + interval;
  for (;;) {
    std::array<pollfd, 2> ready{pollfd{init.get(), POLLIN, 0}, pollfd{watch.fd(), POLLIN, 0}};
    const auto left = std::max<std::chrono::nanoseconds>(due - Clock::now(), {});
    const timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    if (::ppoll(ready.data(), ready.size(), &wait, nullptr) < 0 && errno != EINTR)
      return os_failure("ppoll", id);
    tell_of_oom(watch, id);
    if (ready[0].revents != 0) return 0;
    if (Clock::now() < due) continue;
    due += interval;
    const Result<std::string> stats = stats_text(groups);
    // It may have been removed at this moment: the next look at its process tells.
    if (stats) print(event(id, "stats", *stats));
    if (!stats && stats.error().kind != ErrorKind::kGone) return std::unexpected(stats.error());
  }
}

}  // namespace

Result<int> run_events(Context& context, const Arguments& arguments) {
  const std::string interval_text = arguments.has("interval") ? arguments.value("interval") : "5s";
  const auto interval = parse_go_duration(interval_text);
  if (!interval)
    return invalid_input(
        "arguments",
        fill_in("invalid value \"{}\" for flag -interval: parse error", interval_text));
  if (interval->count() <= 0)
    return invalid_input("arguments", "duration interval must be greater than 0");
  const std::string& id = arguments.rest()[0];
  const runtime::View view = PLIMSOLL_TRY(runtime::look(context.host(), id));
  const Result<Fd> init = runtime::open_init(view.record);
  if (view.status == runtime::Status::kStopped || !init)
    return failure(ErrorKind::kGone, "events", fill_in("container with id {} is not running", id));
  const runtime::CgroupRecord groups = runtime::groups_of(view.record);
  if (!arguments.has("stats")) return follow(id, groups, *init, *interval);
  print(event(id, "stats", PLIMSOLL_TRY(stats_text(groups))));
  return 0;
}

}  // namespace plimsoll::oci
