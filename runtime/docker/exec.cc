// Further processes in containers.
#include "base/number.h"
#include "runtime/docker/container_json.h"
#include "runtime/docker/containers.h"
#include "runtime/docker/exec_decode.h"
#include "runtime/docker/terminal.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::docker {

namespace {

using model::Refused;

void create(engine::Engine& engine, const CallPtr& call) {
  auto definition = decode_exec(call->body());
  if (!definition) return call->fail(definition.error());
  if (const auto keys = parse_detach_keys(definition->detach_keys); !keys)
    return call->fail(keys.error());
  const auto id = engine.exec_create(call->parameter(), *std::move(definition));
  if (!id) return call->fail(id.error());
  std::string out;
  model::Writer write(out);
  write("Id", *id);
  write.close();
  call->respond(201, out + '\n');
}

void start(engine::Engine& engine, const CallPtr& call) {
  const auto asked = decode_exec_start(call->body());
  if (!asked) return call->fail(asked.error());
  const auto exec = engine.exec_find(call->parameter());
  if (!exec) return call->fail(exec.error());
  if (asked->detach) {
    const auto started = engine.exec_start(exec->id, asked->tty, {});
    if (!started) return call->fail(started.error());
    return call->respond(200);
  }
  // Checked when it was created.
  const std::string keys = parse_detach_keys(exec->definition.detach_keys).value_or("");
  // Framed as the client means it, which is what it says now and not what it said at creation.
  take_over(call, {.tty = asked->tty, .input = exec->definition.attach_stdin, .detach_keys = keys},
            [&](engine::Output output) {
              auto input = engine.exec_start(exec->id, asked->tty, std::move(output));
              const auto& size = asked->console_size;
              if (!input || size.size() != 2) return input;
              // Too late for a process that has ended: no failure.
              [[maybe_unused]] const auto resized = engine.exec_resize(
                  exec->id, static_cast<unsigned>(size[0]), static_cast<unsigned>(size[1]));
              return input;
            });
}

void resize(engine::Engine& engine, const CallPtr& call) {
  const auto height = to_number<std::uint16_t>(call->query("h"));
  const auto width = to_number<std::uint16_t>(call->query("w"));
  if (!height || !width)
    return call->fail({Refused::kInvalid, "h and w must be whole numbers from 0 to 65535"});
  const auto resized = engine.exec_resize(call->parameter(), *height, *width);
  if (!resized) return call->fail(resized.error());
  call->respond(200);
}

void inspect(engine::Engine& engine, const CallPtr& call) {
  const auto exec = engine.exec_find(call->parameter());
  if (!exec) return call->fail(exec.error());
  call->respond(200, exec_json(*exec) + '\n');
}

}  // namespace

void add_exec(Api& api, engine::Engine& engine) {
  const auto with = [&engine](void (*handle)(engine::Engine&, const CallPtr&)) {
    return [&engine, handle](const CallPtr& call) { handle(engine, call); };
  };
  api.add(Method::kPost, "/containers/{id}/exec", with(create));
  api.add(Method::kPost, "/exec/{id}/start", with(start));
  api.add(Method::kPost, "/exec/{id}/resize", with(resize));
  api.add(Method::kGet, "/exec/{id}/json", with(inspect));
}

}  // namespace plimsoll::docker
