#include "runtime/spec/decode.h"

#include "base/number.h"
#include "runtime/spec/parts.h"

namespace plimsoll::spec {

namespace {

// Any 1.x: "1.0.2", "1.3.0-rc.1+dev". What a later 1.x adds is skipped like any unknown property.
Result<std::string> read_version(const Node& node) {
  std::string version = PLIMSOLL_TRY(required_text(node));
  std::string_view rest = version;
  rest = rest.substr(0, rest.find_first_of("-+"));
  const std::size_t first = rest.find('.');
  const std::size_t second = first == std::string_view::npos ? first : rest.find('.', first + 1);
  if (second == std::string_view::npos ||
      !to_number<std::uint32_t>(rest.substr(first + 1, second - first - 1)) ||
      !to_number<std::uint32_t>(rest.substr(second + 1)))
    return node.fails("must be a version such as 1.3.0, not " + version);
  if (rest.substr(0, first) != "1")
    return node.fails("only versions 1.x are known, not " + version);
  return version;
}

Result<Root> read_root(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Root root;
  root.path = PLIMSOLL_TRY(required_text(node["path"]));
  root.readonly = PLIMSOLL_TRY(flag(node["readonly"]));
  return root;
}

Result<std::map<std::string, std::string>> read_annotations(const Node& node) {
  const auto all = PLIMSOLL_TRY(dictionary<std::string>(node, text));
  for (const auto& [key, value] : all)
    if (key.empty()) return node.fails("has an annotation without a name");
  return std::map<std::string, std::string>(all.begin(), all.end());
}

// sethostname(2) and setdomainname(2) take 64 bytes.
Result<std::string> read_host_name(const Node& node) {
  constexpr std::size_t kMost = 64;
  std::string name = PLIMSOLL_TRY(text(node));
  if (name.size() > kMost) return node.fails("is longer than 64 bytes");
  return name;
}

Result<Config> read_config(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  Config config;
  config.oci_version = PLIMSOLL_TRY(read_version(node["ociVersion"]));
  config.root = PLIMSOLL_TRY(read_root(node["root"]));
  config.mounts = PLIMSOLL_TRY(list(node["mounts"], read_mount));
  config.process = PLIMSOLL_TRY(object(node["process"], read_process));
  config.hostname = PLIMSOLL_TRY(read_host_name(node["hostname"]));
  config.domainname = PLIMSOLL_TRY(read_host_name(node["domainname"]));
  config.hooks = PLIMSOLL_TRY(object(node["hooks"], read_hooks)).value_or(Hooks{});
  config.annotations = PLIMSOLL_TRY(read_annotations(node["annotations"]));
  config.linux_ = PLIMSOLL_TRY(object(node["linux"], read_linux)).value_or(Linux{});
  PLIMSOLL_TRY(check_together(node, config));
  return config;
}

}  // namespace

Result<Decoded> decode(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  Decoded decoded;
  decoded.config = PLIMSOLL_TRY(read_config(Node(&document.root, &decoded.warnings)));
  return decoded;
}

Result<Process> decode_process(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  std::vector<std::string> warnings;
  const Node root(&document.root, &warnings);
  PLIMSOLL_TRY(root.must_be(json::Type::kObject));
  return read_process(root);
}

Result<Resources> decode_resources(std::string_view text) {
  const json::Document document = PLIMSOLL_TRY(json::parse(text));
  std::vector<std::string> warnings;
  const Node root(&document.root, &warnings);
  PLIMSOLL_TRY(root.must_be(json::Type::kObject));
  return read_resources(root);
}

}  // namespace plimsoll::spec
