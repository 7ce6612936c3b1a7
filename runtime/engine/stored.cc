#include "runtime/engine/stored.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "runtime/engine/json_writer.h"
#include "runtime/engine/merge.h"

namespace plimsoll::engine {
namespace {

using Json = nlohmann::json;

void put_place(JsonWriter& json, const Place& place) {
  const MountPoint& point = place.point;
  json.open('{').key("type").text(point.type).key("name").text(point.name);
  json.key("source").text(point.source).key("destination").text(point.destination);
  json.key("driver").text(point.driver).key("mode").text(point.mode);
  json.key("writable").flag(point.writable).key("propagation").text(point.propagation);
  json.key("options").texts(place.options).key("shown").flag(place.shown);
  json.key("no_copy").flag(place.no_copy).key("anonymous").flag(place.anonymous);
  json.key("make_source").flag(place.make_source).close('}');
}

void put_health(JsonWriter& json, const Health& health) {
  json.key("health").open('{').key("status").text(health.status);
  json.key("streak").number(health.failing_streak).key("log").open('[');
  for (const HealthProbe& probe : health.log)
    json.open('{')
        .key("start")
        .text(rfc3339(probe.start))
        .key("end")
        .text(rfc3339(probe.end))
        .key("exit_code")
        .number(probe.exit_code)
        .key("output")
        .text(probe.output)
        .close('}');
  json.close(']').close('}');
}

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}
bool flag_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_boolean() && found->get<bool>();
}
int number_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<int>() : 0;
}
std::vector<std::string> texts_at(const Json& json, const char* key) {
  std::vector<std::string> all;
  const auto found = json.find(key);
  if (found == json.end() || !found->is_array()) return all;
  for (const Json& one : *found)
    if (one.is_string()) all.push_back(one.get<std::string>());
  return all;
}

Place place_of(const Json& json) {
  Place place;
  place.point = {text_at(json, "type"),        text_at(json, "name"),       text_at(json, "source"),
                 text_at(json, "destination"), text_at(json, "driver"),     text_at(json, "mode"),
                 flag_at(json, "writable"),    text_at(json, "propagation")};
  place.options = texts_at(json, "options");
  place.shown = flag_at(json, "shown");
  place.no_copy = flag_at(json, "no_copy");
  place.anonymous = flag_at(json, "anonymous");
  place.make_source = flag_at(json, "make_source");
  place.wanted.name = place.point.name;
  return place;
}

Health health_of(const Json& json) {
  Health health;
  health.status = text_at(json, "status");
  health.failing_streak = number_at(json, "streak");
  const auto log = json.find("log");
  if (log == json.end() || !log->is_array()) return health;
  for (const Json& one : *log)
    health.log.push_back({parse_rfc3339(text_at(one, "start")).value_or(WallTime{}),
                          parse_rfc3339(text_at(one, "end")).value_or(WallTime{}),
                          number_at(one, "exit_code"), text_at(one, "output")});
  return health;
}

constexpr std::array kStatuses{Status::kCreated,    Status::kRunning,  Status::kPaused,
                               Status::kRestarting, Status::kRemoving, Status::kExited,
                               Status::kDead};

}  // namespace

std::string encode_config(const Stored& stored) {
  const Container& container = stored.container;
  JsonWriter json;
  json.open('{').key("id").text(container.id).key("name").text(container.name);
  json.key("made").flag(stored.phase != Stored::Phase::kMaking);
  json.key("created").text(rfc3339(container.created));
  json.key("image_id").text(container.image_id);
  json.key("definition").raw(model::encode(container.definition));
  json.key("places").open('[');
  for (const Place& place : stored.places) put_place(json, place);
  return json.close(']').close('}').out() + "\n";
}

std::string encode_state(const Stored& stored) {
  const State& state = stored.container.state;
  JsonWriter json;
  json.open('{').key("status").text(name_of(state.status));
  json.key("removing").flag(stored.phase == Stored::Phase::kRemoving);
  json.key("starting").flag(stored.starting);
  json.key("manually_stopped").flag(stored.manually_stopped);
  json.key("pid").number(state.pid).key("exit_code").number(state.exit_code);
  json.key("oom_killed").flag(state.oom_killed).key("error").text(state.error);
  if (state.started) json.key("started").text(rfc3339(*state.started));
  if (state.finished) json.key("finished").text(rfc3339(*state.finished));
  json.key("restart_count").number(stored.container.restart_count);
  if (state.health) put_health(json, *state.health);
  return json.close('}').out() + "\n";
}

Result<Stored> decode_config(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return malformed("no object");
  Stored stored;
  Container& container = stored.container;
  container.id = text_at(json, "id");
  container.name = text_at(json, "name");
  if (container.id.empty() || container.name.empty()) return malformed("no id or no name");
  stored.phase = flag_at(json, "made") ? Stored::Phase::kMade : Stored::Phase::kMaking;
  container.created = parse_rfc3339(text_at(json, "created")).value_or(WallTime{});
  container.image_id = text_at(json, "image_id");
  const auto definition = json.find("definition");
  if (definition == json.end()) return malformed("no definition");
  auto decoded = model::decode_definition(definition->dump());
  if (!decoded) return malformed(decoded.error().message);
  container.definition = *std::move(decoded);
  const Program program = program_of(container.definition.config);
  container.path = program.path;
  container.args = program.args;
  if (const auto places = json.find("places"); places != json.end() && places->is_array())
    for (const Json& one : *places) stored.places.push_back(place_of(one));
  return stored;
}

Result<> decode_state(std::string_view text, Stored& stored) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return malformed("no object");
  State& state = stored.container.state;
  const std::string status = text_at(json, "status");
  for (const Status one : kStatuses)
    if (status == name_of(one)) state.status = one;
  if (flag_at(json, "removing")) stored.phase = Stored::Phase::kRemoving;
  stored.starting = flag_at(json, "starting");
  stored.manually_stopped = flag_at(json, "manually_stopped");
  state.pid = number_at(json, "pid");
  state.exit_code = number_at(json, "exit_code");
  state.oom_killed = flag_at(json, "oom_killed");
  state.error = text_at(json, "error");
  state.started = parse_rfc3339(text_at(json, "started"));
  state.finished = parse_rfc3339(text_at(json, "finished"));
  stored.container.restart_count = number_at(json, "restart_count");
  if (const auto health = json.find("health"); health != json.end() && health->is_object())
    state.health = health_of(*health);
  return {};
}

std::string encode_exec(const StoredExec& exec) {
  const ExecDefinition& definition = exec.definition;
  JsonWriter json;
  json.open('{').key("id").text(exec.id).key("probe").flag(exec.is_probe);
  json.key("cmd").texts(definition.cmd);
  json.key("env").texts(definition.env).key("user").text(definition.user);
  json.key("working_dir").text(definition.working_dir);
  json.key("privileged").flag(definition.privileged).key("tty").flag(definition.tty);
  json.key("stdin").flag(definition.attach_stdin).key("stdout").flag(definition.attach_stdout);
  json.key("stderr").flag(definition.attach_stderr);
  json.key("detach_keys").text(definition.detach_keys);
  return json.close('}').out() + "\n";
}

Result<StoredExec> decode_exec(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return malformed("no object");
  StoredExec stored;
  stored.id = text_at(json, "id");
  stored.is_probe = flag_at(json, "probe");
  if (stored.id.empty()) return malformed("no id");
  ExecDefinition& definition = stored.definition;
  definition.cmd = texts_at(json, "cmd");
  definition.env = texts_at(json, "env");
  definition.user = text_at(json, "user");
  definition.working_dir = text_at(json, "working_dir");
  definition.privileged = flag_at(json, "privileged");
  definition.tty = flag_at(json, "tty");
  definition.attach_stdin = flag_at(json, "stdin");
  definition.attach_stdout = flag_at(json, "stdout");
  definition.attach_stderr = flag_at(json, "stderr");
  definition.detach_keys = text_at(json, "detach_keys");
  return stored;
}

std::string encode_for_measuring(const Container& container, const std::string& upper_dir,
                                 const std::string& storage_driver) {
  const model::Definition& definition = container.definition;
  JsonWriter json;
  json.open('{').key("id").text(container.id).key("name").text(container.name);
  json.key("image").text(definition.config.image).key("image_id").text(container.image_id);
  json.key("labels").open('{');
  for (const auto& [key, value] : definition.config.labels) json.key(key).text(value);
  json.close('}').key("environment").texts(definition.config.env);
  json.key("created").text(rfc3339(container.created));
  const State& state = container.state;
  if (state.started) json.key("started").text(rfc3339(*state.started));
  if (state.pid != 0) json.key("pid").number(state.pid);
  json.key("restart_count").number(container.restart_count);
  if (state.health && state.health->status != "none") json.key("health").text(state.health->status);
  const std::string& mode = definition.host.network_mode;
  const bool is_word = mode == "host" || mode == "none" || !other_of(mode).empty();
  json.key("network").text(is_word ? mode : "own");
  if (!upper_dir.empty()) json.key("upper_dir").text(upper_dir);
  if (!container.log_path.empty()) json.key("log_path").text(container.log_path);
  if (!storage_driver.empty()) json.key("storage_driver").text(storage_driver);
  return json.close('}').out() + "\n";
}

}  // namespace plimsoll::engine
