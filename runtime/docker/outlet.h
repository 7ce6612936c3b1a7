// What processes say, on its way to a client: framed, and held back until the answer has begun, so
// that what cannot be attached to is still refused properly.
//
// Thread: all methods from any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/channel.h"
#include "http/server.h"
#include "runtime/engine/process.h"

namespace plimsoll::docker {

enum class Framing : std::uint8_t {
  kRaw,        // A terminal's bytes as they come.
  kStdStreams  // stdout and stderr told apart.
};
[[nodiscard]] inline Framing framing_of(bool tty) {
  return tty ? Framing::kRaw : Framing::kStdStreams;
}

class Outlet : public std::enable_shared_from_this<Outlet> {
 public:
  using Frame = std::shared_ptr<const std::string>;
  // Where frames go; all thread-safe.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void write(Frame frame) = 0;
    virtual void end() = 0;
    [[nodiscard]] virtual std::size_t pending() const = 0;
    [[nodiscard]] virtual bool closed() const = 0;
  };

  explicit Outlet(Framing framing) : framing_(framing) {}

  // For the engine; keeps this alive.
  [[nodiscard]] engine::Output output();
  // What was held back goes out first.
  void open(std::unique_ptr<Sink> sink);
  // `taken`: the process has taken of what the client typed. Before output().
  void on_input_taken(std::function<void()> taken) { taken_ = std::move(taken); }
  // The client has gone: nothing is taken any more.
  void close();

 private:
  bool write(engine::Output::Stream stream, std::string_view bytes);
  [[nodiscard]] std::size_t pending() const;
  void end();
  void finish();

  const Framing framing_;
  std::function<void()> taken_;
  mutable std::mutex mutex_;
  std::unique_ptr<Sink> sink_;
  std::vector<Frame> early_;
  std::size_t early_bytes_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

[[nodiscard]] std::unique_ptr<Outlet::Sink> sink_of(std::shared_ptr<http::Stream> stream);
[[nodiscard]] std::unique_ptr<Outlet::Sink> sink_of(std::shared_ptr<http::Channel> channel);

}  // namespace plimsoll::docker
