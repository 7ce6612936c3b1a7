#include "runtime/docker/outlet.h"

#include <utility>

#include "runtime/docker/stdcopy.h"

namespace plimsoll::docker {

namespace {

class StreamSink final : public Outlet::Sink {
 public:
  explicit StreamSink(std::shared_ptr<http::Stream> stream) : stream_(std::move(stream)) {}
  void write(Outlet::Frame frame) override { stream_->write(std::move(frame)); }
  void end() override { stream_->finish(); }
  [[nodiscard]] std::size_t pending() const override { return stream_->pending(); }
  [[nodiscard]] bool closed() const override { return stream_->closed(); }

 private:
  std::shared_ptr<http::Stream> stream_;
};

class ChannelSink final : public Outlet::Sink {
 public:
  explicit ChannelSink(std::shared_ptr<http::Channel> channel) : channel_(std::move(channel)) {}
  void write(Outlet::Frame frame) override { channel_->write(std::move(frame)); }
  // Both directions: clients wait for the end of the connection, not of the output.
  void end() override { channel_->close(); }
  [[nodiscard]] std::size_t pending() const override { return channel_->pending(); }
  [[nodiscard]] bool closed() const override { return channel_->closed(); }

 private:
  std::shared_ptr<http::Channel> channel_;
};

}  // namespace

engine::Output Outlet::output() {
  const auto self = shared_from_this();
  return {.write = [self](engine::Output::Stream stream,
                          std::string_view bytes) { return self->write(stream, bytes); },
          .pending = [self] { return self->pending(); },
          .end = [self] { self->end(); },
          .taken = taken_};
}

bool Outlet::write(engine::Output::Stream stream, std::string_view bytes) {
  Frame frame = framing_ == Framing::kRaw ? std::make_shared<const std::string>(bytes)
                                          : std_frame(static_cast<StdStream>(stream), bytes);
  const std::lock_guard lock(mutex_);
  if (closed_ || ended_) return false;
  if (!sink_) {
    early_bytes_ += frame->size();
    early_.push_back(std::move(frame));
    return true;
  }
  if (sink_->closed()) return false;
  sink_->write(std::move(frame));
  return true;
}

std::size_t Outlet::pending() const {
  const std::lock_guard lock(mutex_);
  return sink_ ? sink_->pending() : early_bytes_;
}

void Outlet::end() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true) || !sink_) return;
  finish();
}

// The sink goes: it holds the connection, whose events may hold this.
void Outlet::finish() {
  sink_->end();
  sink_.reset();
}

void Outlet::open(std::unique_ptr<Sink> sink) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  sink_ = std::move(sink);
  for (Frame& frame : std::exchange(early_, {})) sink_->write(std::move(frame));
  early_bytes_ = 0;
  if (ended_) finish();
}

void Outlet::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  sink_.reset();
  early_.clear();
}

std::unique_ptr<Outlet::Sink> sink_of(std::shared_ptr<http::Stream> stream) {
  return std::make_unique<StreamSink>(std::move(stream));
}

std::unique_ptr<Outlet::Sink> sink_of(std::shared_ptr<http::Channel> channel) {
  return std::make_unique<ChannelSink>(std::move(channel));
}

}  // namespace plimsoll::docker
