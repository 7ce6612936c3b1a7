#include "runtime/engine/attachment.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

namespace plimsoll::engine {
namespace {

constexpr std::size_t kMostPending = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kLookAgain(20);
constexpr std::chrono::seconds kPatience(20);

class AttachedInput final : public Input {
 public:
  explicit AttachedInput(std::shared_ptr<Attachment> attachment)
      : attachment_(std::move(attachment)) {}
  ~AttachedInput() override { attachment_->detach(); }
  AttachedInput(const AttachedInput&) = delete;
  AttachedInput& operator=(const AttachedInput&) = delete;

  void write(std::string_view bytes) override { attachment_->write(bytes); }
  void end() override { attachment_->end_input(); }
  [[nodiscard]] std::size_t pending() const override { return attachment_->pending(); }

 private:
  std::shared_ptr<Attachment> attachment_;
};

}  // namespace

Result<> Attachment::connect(const DirFd& keeper) {
  shim::Connection connection = PLIMSOLL_TRY(shim::Connection::connect(keeper));
  PLIMSOLL_TRY(connection.send(shim::Request::kAttach, shim::kAll));
  const shim::Packet packet = PLIMSOLL_TRY(connection.receive(kPatience));
  if (packet.answer != shim::Answer::kDone)
    return failure(ErrorKind::kRejected, "attach", packet.content);
  connection_ = std::move(connection);
  return {};
}

void Attachment::begin(std::function<void()> ended) {
  loop_.post([self = shared_from_this(), after = std::move(ended)]() mutable {
    self->ended_ = std::move(after);
    self->begun_ = true;
    if (self->stopped_ || !self->connection_) {
      if (self->ended_) self->ended_();
      return;
    }
    const auto watched =
        self->loop_.watch(self->connection_->socket(), EPOLLIN,
                          [self](std::uint32_t events) { self->on_events(events); });
    if (!watched) return self->stop();
    self->flush();
  });
}

void Attachment::finish() {
  std::call_once(finished_, [this] {
    if (output_.end) output_.end();
  });
}

void Attachment::write(std::string_view bytes) {
  if (!wishes_.stdin_too || bytes.empty()) return;
  pending_ += bytes.size();
  loop_.post([self = shared_from_this(), text = std::string(bytes)] {
    if (self->stopped_) return;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view part = rest.substr(0, shim::kMaxPacket - 1);
      rest.remove_prefix(part.size());
      self->input_.push_back(std::string(1, static_cast<char>(shim::Request::kStdin)));
      self->input_.back() += part;
    }
    self->flush();
  });
}

void Attachment::end_input() {
  if (!wishes_.stdin_too || !wishes_.end_closes_stdin) return;
  loop_.post([self = shared_from_this()] {
    if (self->stopped_) return;
    self->input_.push_back(std::string(1, static_cast<char>(shim::Request::kEndStdin)));
    self->flush();
  });
}

void Attachment::detach() {
  loop_.post([self = shared_from_this()] {
    self->finish();
    self->stop();
  });
}

void Attachment::on_events(std::uint32_t events) {
  const auto self = shared_from_this();
  if ((events & EPOLLOUT) != 0) flush();
  if (!stopped_ && (events & ~std::uint32_t{EPOLLOUT}) != 0) read_packets();
}

bool Attachment::passes_on(shim::Answer answer, std::string_view bytes) {
  if (answer == shim::Answer::kStdout && wishes_.stdout_too && output_.write)
    return output_.write(Output::Stream::kStdout, bytes);
  if (answer == shim::Answer::kStderr && wishes_.stderr_too && output_.write)
    return output_.write(Output::Stream::kStderr, bytes);
  return true;
}

void Attachment::read_packets() {
  constexpr int kAtOnce = 16;  // Others have their turn, too.
  std::array<char, shim::kMaxPacket> packet{};
  for (int i = 0; i < kAtOnce; ++i) {
    if (output_.pending && output_.pending() > kMostPending) {
      holds_ = true;
      apply_events();
      static_cast<void>(loop_.after(kLookAgain, [self = shared_from_this()] {
        if (self->stopped_) return;
        self->holds_ = false;
        self->apply_events();
        self->read_packets();
      }));
      return;
    }
    const ssize_t size =
        ::recv(connection_->socket().get(), packet.data(), packet.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return stop();
    const std::string_view text(packet.data(), static_cast<std::size_t>(size));
    if (!passes_on(static_cast<shim::Answer>(text.front()), text.substr(1))) return stop();
  }
}

void Attachment::apply_events() {
  if (!connection_) return;
  loop_.change(connection_->socket(), (holds_ ? 0U : std::uint32_t{EPOLLIN}) |
                                          (input_.empty() ? 0U : std::uint32_t{EPOLLOUT}));
}

void Attachment::flush() {
  if (!begun_ || !connection_) return;
  const bool had_input = !input_.empty();
  const std::size_t before = pending_;
  while (!input_.empty()) {
    const std::string& packet = input_.front();
    const ssize_t sent = ::send(connection_->socket().get(), packet.data(), packet.size(),
                                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    // What the keeper cannot be told any more shows as the end of its output.
    if (sent < 0) break;
    pending_ -= packet.size() - 1;
    input_.pop_front();
  }
  apply_events();
  if (had_input && output_.taken && pending_ < before) output_.taken();
}

void Attachment::stop() {
  if (stopped_) return;
  const auto self = shared_from_this();
  stopped_ = true;
  pending_ = 0;
  input_.clear();
  if (output_.taken) output_.taken();
  if (connection_) loop_.forget(connection_->socket());
  connection_.reset();
  if (ended_)
    std::exchange(ended_, {})();
  else if (begun_)
    finish();
}

std::shared_ptr<Input> make_input(std::shared_ptr<Attachment> attachment) {
  return std::make_shared<AttachedInput>(std::move(attachment));
}

}  // namespace plimsoll::engine
