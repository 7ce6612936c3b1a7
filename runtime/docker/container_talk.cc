// Containers' voices: attach, logs, wait, resize.
#include <mutex>

#include "base/number.h"
#include "runtime/docker/containers.h"
#include "runtime/docker/terminal.h"
#include "runtime/docker/times.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Answer;
using model::Refused;

void attach(engine::Engine& engine, const CallPtr& call) {
  const auto container = engine.find(call->parameter());
  if (!container) return call->fail(container.error());
  const auto keys = parse_detach_keys(call->query("detachKeys"));
  if (!keys) return call->fail(keys.error());
  const model::Config& config = (*container)->definition.config;
  const engine::AttachOptions options{
      .stdin_too = call->flag("stdin") && config.open_stdin,
      .stdout_too = call->flag("stdout"),
      .stderr_too = call->flag("stderr"),
      .logs = call->flag("logs"),
      .stream = call->flag("stream"),
  };
  take_over(call, {.tty = config.tty, .input = options.stdin_too, .detach_keys = *keys},
            [&](engine::Output output) {
              return engine.attach((*container)->id, options, std::move(output));
            });
}

Answer<engine::LogOptions> log_options(const Call& call, const Clock& clock) {
  engine::LogOptions options;
  options.stdout_too = call.flag("stdout");
  options.stderr_too = call.flag("stderr");
  options.follow = call.flag("follow");
  options.timestamps = call.flag("timestamps");
  options.details = call.flag("details");
  options.since = PLIMSOLL_TRY(parse_time(call.query("since"), clock.wall()));
  options.until = PLIMSOLL_TRY(parse_time(call.query("until"), clock.wall()));
  // "all", and whatever is no number.
  options.tail = to_number<std::uint64_t>(call.query("tail"));
  return options;
}

void logs(engine::Engine& engine, const Clock& clock, const CallPtr& call) {
  const auto options = log_options(*call, clock);
  if (!options) return call->fail(options.error());
  if (!options->stdout_too && !options->stderr_too)
    return call->fail({Refused::kInvalid, "Bad parameters: you must choose at least one stream"});
  const auto container = engine.find(call->parameter());
  if (!container) return call->fail(container.error());
  const bool tty = (*container)->definition.config.tty;
  const auto outlet = std::make_shared<Outlet>(framing_of(tty));
  auto following = engine.logs((*container)->id, *options, outlet->output());
  if (!following) return call->fail(following.error());
  // Whoever follows is held by the client's connection.
  auto stream = call->stream(stream_type(call->version(), tty),
                             [outlet, hold = *std::move(following)]() mutable {
                               outlet->close();
                               hold.reset();
                             });
  outlet->open(sink_of(std::move(stream)));
}

// An answer whose head goes out at once, and whose body when the container has ended. The client
// waits for the head before it starts the container.
class Waiter : public std::enable_shared_from_this<Waiter> {
 public:
  void begin(std::shared_ptr<http::Stream> stream) {
    const std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
    if (result_) finish();
  }
  void done(const engine::WaitResult& result) {
    const std::lock_guard lock(mutex_);
    result_ = result;
    if (stream_) finish();
  }

 private:
  void finish() {
    std::string out;
    model::Writer write(out);
    write("StatusCode", result_->status_code);
    if (result_->error.empty()) {
      write.constant("Error", "null");
    } else {
      std::string error;
      model::Writer inner(error);
      inner("Message", result_->error);
      inner.close();
      write.constant("Error", error);
    }
    write.close();
    stream_->write(std::make_shared<const std::string>(out + '\n'));
    stream_->finish();
    stream_.reset();
  }

  std::mutex mutex_;
  std::shared_ptr<http::Stream> stream_;
  std::optional<engine::WaitResult> result_;
};

Answer<engine::WaitFor> wait_for(std::string_view condition) {
  if (condition.empty() || condition == "not-running") return engine::WaitFor::kNotRunning;
  if (condition == "next-exit") return engine::WaitFor::kNextExit;
  if (condition == "removed") return engine::WaitFor::kRemoved;
  return model::refuse(Refused::kInvalid, "invalid condition: \"" + std::string(condition) + "\"");
}

void wait(engine::Engine& engine, const CallPtr& call) {
  const auto what = wait_for(call->query("condition"));
  if (!what) return call->fail(what.error());
  const auto waiter = std::make_shared<Waiter>();
  auto waiting = engine.wait(call->parameter(), *what,
                             [waiter](const engine::WaitResult& result) { waiter->done(result); });
  if (!waiting) return call->fail(waiting.error());
  waiter->begin(
      call->stream("application/json", [hold = *std::move(waiting)]() mutable { hold.reset(); }));
}

void resize(engine::Engine& engine, const CallPtr& call) {
  const auto height = to_number<std::uint16_t>(call->query("h"));
  const auto width = to_number<std::uint16_t>(call->query("w"));
  if (!height || !width)
    return call->fail({Refused::kInvalid, "h and w must be whole numbers from 0 to 65535"});
  const auto resized = engine.resize(call->parameter(), *height, *width);
  if (!resized) return call->fail(resized.error());
  call->respond(200);
}

}  // namespace

void add_container_talk(Api& api, engine::Engine& engine, const Clock& clock) {
  const auto with = [&engine](void (*handle)(engine::Engine&, const CallPtr&)) {
    return [&engine, handle](const CallPtr& call) { handle(engine, call); };
  };
  api.add(Method::kPost, "/containers/{id}/attach", with(attach));
  api.add(Method::kGet, "/containers/{id}/logs",
          [&engine, &clock](const CallPtr& call) { logs(engine, clock, call); });
  api.add(Method::kPost, "/containers/{id}/wait", with(wait));
  api.add(Method::kPost, "/containers/{id}/resize", with(resize));
}

}  // namespace plimsoll::docker
