#include "agent/top/engine_desk.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "agent/containers/engine_api.h"
#include "agent/containers/frames.h"
#include "agent/limit/answer.h"
#include "agent/limit/engine_client.h"
#include "agent/limit/render.h"
#include "agent/top/plain_lines.h"
#include "cgroupfs/limit/knob.h"

namespace plimsoll::agent::top {

namespace {

constexpr std::size_t kMostLogs = std::size_t{1} << 20;
constexpr std::chrono::seconds kDeadline{10};

WallTime now() {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

Answer answer_of(bool done, const std::string& text) {
  return {.ticket = 0, .done = done, .lines = plain_lines(text)};
}

std::string limits_path(const std::string& reference) {
  return "/plimsoll/v1/limits/" + percent_encoded(reference);
}

ApiAnswer<ShownTarget> limits_of(const EngineClient& engine, const std::string& reference) {
  const auto body = engine.get(limits_path(reference));
  if (!body) return std::unexpected(body.error());
  auto shown = decode_target(*body);
  if (!shown) return std::unexpected(NoAnswer{shown.error().message()});
  return *std::move(shown);
}

Answer read_limits(const EngineClient& engine, const Effect& effect) {
  const auto shown = limits_of(engine, effect.reference);
  return shown ? answer_of(true, render_target(*shown, now()))
               : answer_of(false, shown.error().message);
}

// Of all limits those that were asked for.
ShownTarget only(ShownTarget shown, const LimitWishes& wishes) {
  std::erase_if(shown.knobs, [&](const ShownKnob& knob) {
    return std::ranges::none_of(wishes.asked, [&](const Asked& one) {
      return limit::name_of(one.knob) == knob.knob && one.detail == knob.detail;
    });
  });
  return shown;
}

// What was planned or done, and what it leads to.
std::string told(const EngineClient& engine, const Effect& effect, const ShownTarget& before,
                 const LimitWishes& wishes, const ChangeAnswer& change) {
  const std::string writes = render_change(change);
  if (effect.kind == Effect::Kind::kPlan)
    return render_what_if(before, wishes, change.outlook) + "\n" + writes;
  const auto after = limits_of(engine, effect.reference);
  const std::string read =
      after ? render_target(only(*after, wishes), now()) : after.error().message + "\n";
  return "read back:\n" + read + "\n" + writes;
}

Answer change(const EngineClient& engine, const Effect& effect) {
  const auto before = limits_of(engine, effect.reference);
  if (!before) return answer_of(false, before.error().message);
  LimitWishes wishes = effect.wishes;
  if (wishes.needs_current()) {
    auto whole = completed(wishes, currents_of(*before));
    if (!whole) return answer_of(false, whole.error().subject);
    wishes = *std::move(whole);
  }
  const auto response = engine.post(limits_path(effect.reference), to_json(wishes));
  if (!response) return answer_of(false, response.error().message);
  const auto decoded = decode_change(response->body);
  if (!decoded) return answer_of(false, decoded.error().message());
  if (exit_code_of_status(response->status) != 0 || decoded->fault) {
    const std::string why = decoded->fault ? decoded->fault->message + "\n" : std::string();
    return answer_of(false, why + render_change(*decoded));
  }
  return answer_of(true, told(engine, effect, *before, wishes, *decoded));
}

Answer read_logs(const std::string& socket, const Effect& effect) {
  const EngineApi api(socket);
  const std::string container = "/containers/" + percent_encoded(effect.reference);
  const auto inspected = api.ask({.target = container + "/json"});
  if (!inspected) {
    const std::string command = logs_command_of(effect.runtime, effect.name, effect.reference);
    return answer_of(
        false, inspected.error().message +
                   (command.empty() ? "" : "\n\nits own runtime may have them:\n  " + command));
  }
  std::string text;
  const auto keep = [&](std::string_view piece) { text.append(piece); };
  FrameReader frames([&](FrameReader::Stream, std::string_view piece) { keep(piece); });
  const bool raw = has_terminal(*inspected);
  bool whole = true;
  const auto read = api.follow({.target = container + "/logs?stdout=1&stderr=1&tail=500"},
                               [&](std::string_view piece) {
                                 if (raw)
                                   keep(piece);
                                 else
                                   whole = frames.feed(piece);
                                 return whole && text.size() < kMostLogs;
                               });
  if (!read) return answer_of(false, read.error().message);
  return whole ? answer_of(true, text) : answer_of(false, "the engine's stream has no frames");
}

}  // namespace

Answer ask_engine(const std::string& socket, const Effect& effect) {
  const EngineClient engine(socket, kDeadline);
  Answer answer;
  if (effect.kind == Effect::Kind::kReadLogs)
    answer = read_logs(socket, effect);
  else if (effect.kind == Effect::Kind::kReadLimits)
    answer = read_limits(engine, effect);
  else
    answer = change(engine, effect);
  answer.ticket = effect.ticket;
  return answer;
}

void ask_engine_later(std::string socket, Effect effect, std::shared_ptr<Mailbox> mailbox) {
  std::thread([socket = std::move(socket), effect = std::move(effect),
               mailbox = std::move(mailbox)] {
    mailbox->post(ask_engine(socket, effect));
  }).detach();
}

}  // namespace plimsoll::agent::top
