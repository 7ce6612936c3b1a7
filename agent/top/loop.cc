#include "agent/top/loop.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <optional>
#include <utility>

#include "agent/exit_code.h"
#include "agent/top/draw.h"
#include "agent/top/engine_desk.h"

namespace plimsoll::agent::top {

namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr std::chrono::seconds kTick(1);

class Loop {
 public:
  explicit Loop(LoopParts parts) : parts_(std::move(parts)), model_(parts_.model) {}

  Result<Ending> run() {
    Time next = std::chrono::steady_clock::now() + kTick;
    while (!ending_) {
      PLIMSOLL_TRY(wait(next));
      const Time now = std::chrono::steady_clock::now();
      if (now < next) continue;
      obey(model_.tick());
      changed_ = true;
      next = now + kTick;
    }
    screen_.reset();
    return *std::move(ending_);
  }

 private:
  // Until something happens or it is time for the next tick; takes what happened.
  Result<> wait(Time next) {
    if (screen_ && std::exchange(changed_, false)) screen_->show(draw(model_, screen_->glyphs()));
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now());
    std::array<pollfd, 3> sources = {{{parts_.mailbox->bell().get(), POLLIN, 0},
                                      {parts_.signals->get(), POLLIN, 0},
                                      {screen_ ? STDIN_FILENO : -1, POLLIN, 0}}};
    const int ready = ::poll(sources.data(), sources.size(),
                             static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready < 0 && errno != EINTR) return os_failure("poll", "top");
    if (ready <= 0) return {};
    if (sources[1].revents != 0) take_signals();
    if (sources[0].revents != 0) PLIMSOLL_TRY(take_letters());
    if (sources[2].revents != 0) take_keys(sources[2].revents);
    return {};
  }

  Result<> take_letters() {
    for (Letter& letter : parts_.mailbox->take()) {
      changed_ = true;
      if (auto* frame = std::get_if<StatsFrame>(&letter)) {
        model_.take(std::move(*frame));
        if (!screen_) PLIMSOLL_TRY(open_screen());
      } else if (auto* note = std::get_if<SourceNote>(&letter)) {
        model_.note(std::move(note->text));
      } else if (auto* answer = std::get_if<Answer>(&letter)) {
        model_.answer(std::move(*answer));
      } else if (auto* end = std::get_if<SourceEnd>(&letter)) {
        ending_ = {end->exit_code, 0, std::move(end->text)};
      }
    }
    return {};
  }

  Result<> open_screen() {
    screen_ = PLIMSOLL_TRY(Screen::open(parts_.screen));
    model_.resize(screen_->size());
    return {};
  }

  void take_signals() {
    signalfd_siginfo info{};
    while (::read(parts_.signals->get(), &info, sizeof info) == sizeof info) {
      const int number = static_cast<int>(info.ssi_signo);
      changed_ = true;
      if (number == SIGINT)
        ending_ = {kExitInterrupted, 0, ""};
      else if (number == SIGTSTP || number == SIGCONT || number == SIGWINCH)
        adjust(number);
      else
        ending_ = {kExitFailure, number, ""};
    }
  }

  void adjust(int number) {
    if (!screen_) return;
    if (number == SIGTSTP) screen_->suspend();
    screen_->resized();
    model_.resize(screen_->size());
  }

  void take_keys(short events) {
    // Only the terminal is gone: nobody sees anything any more.
    if ((events & POLLIN) == 0) {
      ending_ = {kExitFailure, SIGHUP, ""};
      return;
    }
    for (const Key& key : screen_->keys()) obey(model_.press(key));
    changed_ = true;
  }

  void obey(const Effect& effect) {
    switch (effect.kind) {
      case Effect::Kind::kNone:
        break;
      case Effect::Kind::kQuit:
        ending_ = Ending{};
        break;
      case Effect::Kind::kRedraw:
        screen_->redraw();
        break;
      case Effect::Kind::kResample:
        parts_.feed->want_all_cgroups(effect.all_cgroups);
        break;
      default:
        ask_engine_later(parts_.socket, effect, parts_.mailbox);
    }
  }

  LoopParts parts_;
  Model model_;
  std::unique_ptr<Screen> screen_;
  std::optional<Ending> ending_;
  bool changed_ = false;
};

}  // namespace

Result<Fd> catch_signals() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH})
    ::sigaddset(&set, number);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return os_failure("signalfd", "top");
  Fd signals(fd);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    return os_failure("pthread_sigmask", "top", error);
  return signals;
}

Result<Ending> run_loop(LoopParts parts) {
  return Loop(std::move(parts)).run();
}

}  // namespace plimsoll::agent::top
