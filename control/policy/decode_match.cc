#include <utility>

#include "control/policy/decoder.h"

namespace plimsoll::policy {
namespace {

Field field_named(std::string_view key) {
  for (const Field field : {Field::kName, Field::kImage, Field::kRuntime, Field::kCgroup,
                            Field::kNamespace, Field::kPod, Field::kContainer})
    if (name_of(field) == key) return field;
  return Field::kLabel;
}

}  // namespace

Match Decoder::match(const YamlNode& node, const std::string& path) {
  Match match;
  keyed(node, path, Section::kMatch, [&](const std::string& key, const YamlNode& value) {
    const std::string here = path + "." + key;
    if (key == "label") {
      entries(value, here, [&](const std::string& label, const YamlNode& of) {
        globs(of, here + "." + label, {Field::kLabel, label, {}}, match);
      });
    } else if (key == "compose") {
      keyed(value, here, Section::kCompose, [&](const std::string& part, const YamlNode& of) {
        const Field field = part == "project" ? Field::kComposeProject : Field::kComposeService;
        globs(of, here + "." + part, {field, "", {}}, match);
      });
    } else {
      globs(value, here, {field_named(key), "", {}}, match);
    }
  });
  // Everything is a word of its own, so that nobody limits a whole host by a forgotten line.
  if (node.kind == YamlNode::Kind::kMap && node.items.empty())
    problem(node, path + ": empty; every container is name: \"*\"");
  return match;
}

void Decoder::globs(const YamlNode& node, const std::string& path, Term term, Match& match) {
  term.globs = texts(node, path);
  if (!term.globs.empty()) match.push_back(std::move(term));
}

}  // namespace plimsoll::policy
