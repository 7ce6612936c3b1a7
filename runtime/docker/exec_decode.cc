#include "runtime/docker/exec_decode.h"

#include "runtime/model/json_reader.h"

namespace plimsoll::docker {

namespace {

using model::Refused;

// Reads the members of an object with `fields`, which is given the reader.
template <class Fields>
model::Answer<> read(std::string_view text, Fields fields) {
  const Result<json::Document> document = json::parse(text);
  if (!document)
    return model::refuse(Refused::kInvalid, "invalid JSON: " + document.error().subject);
  if (document->root.type != json::Type::kObject)
    return model::refuse(Refused::kInvalid, "invalid JSON: must be an object");
  std::string failed;
  model::Reader reader(document->root, "", failed);
  fields(reader);
  if (!failed.empty()) return model::refuse(Refused::kInvalid, std::move(failed));
  return {};
}

}  // namespace

model::Answer<engine::ExecDefinition> decode_exec(std::string_view json) {
  engine::ExecDefinition exec;
  PLIMSOLL_TRY(read(json, [&exec](model::Reader& reader) {
    reader("Cmd", exec.cmd);
    reader("Env", exec.env);
    reader("User", exec.user);
    reader("WorkingDir", exec.working_dir);
    reader("Privileged", exec.privileged);
    reader("Tty", exec.tty);
    reader("AttachStdin", exec.attach_stdin);
    reader("AttachStdout", exec.attach_stdout);
    reader("AttachStderr", exec.attach_stderr);
    reader("DetachKeys", exec.detach_keys);
    reader.console_size("ConsoleSize", exec.console_size);
  }));
  if (exec.cmd.empty()) return model::refuse(Refused::kInvalid, "No exec command specified");
  return exec;
}

model::Answer<ExecStart> decode_exec_start(std::string_view json) {
  ExecStart start;
  if (json.find_first_not_of(" \t\r\n") == std::string_view::npos) return start;
  PLIMSOLL_TRY(read(json, [&start](model::Reader& reader) {
    reader("Detach", start.detach);
    reader("Tty", start.tty);
    reader.console_size("ConsoleSize", start.console_size);
  }));
  return start;
}

}  // namespace plimsoll::docker
