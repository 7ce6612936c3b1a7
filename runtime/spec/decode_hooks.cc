#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

Result<std::string> read_variable(const Node& node) {
  std::string variable = PLIMSOLL_TRY(required_text(node));
  if (variable.find('=') == std::string::npos) return node.fails("must be NAME=value");
  return variable;
}

Result<Hook> read_hook(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Hook hook;
  PLIMSOLL_TRY(required_text(node["path"]));
  hook.path = PLIMSOLL_TRY(absolute_path(node["path"]));
  hook.args = PLIMSOLL_TRY(texts(node["args"]));
  hook.env = PLIMSOLL_TRY(list(node["env"], read_variable));
  hook.timeout = PLIMSOLL_TRY(number<std::uint32_t>(node["timeout"], {.low = 1}));
  return hook;
}

}  // namespace

Result<Hooks> read_hooks(const Node& node) {
  Hooks hooks;
  hooks.prestart = PLIMSOLL_TRY(list(node["prestart"], read_hook));
  hooks.create_runtime = PLIMSOLL_TRY(list(node["createRuntime"], read_hook));
  hooks.create_container = PLIMSOLL_TRY(list(node["createContainer"], read_hook));
  hooks.start_container = PLIMSOLL_TRY(list(node["startContainer"], read_hook));
  hooks.poststart = PLIMSOLL_TRY(list(node["poststart"], read_hook));
  hooks.poststop = PLIMSOLL_TRY(list(node["poststop"], read_hook));
  return hooks;
}

}  // namespace plimsoll::spec
