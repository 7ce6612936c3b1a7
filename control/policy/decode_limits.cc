#include <algorithm>

#include "control/policy/decoder.h"

namespace plimsoll::policy {
namespace {

std::vector<std::string_view> knob_names() {
  std::vector<std::string_view> names;
  for (const limit::KnobInfo& info : limit::catalogue()) names.push_back(info.name);
  return names;
}

}  // namespace

void Decoder::limits(const YamlNode& node, Rule& rule) {
  const auto known = knob_names();
  if (node.kind == YamlNode::Kind::kMap && node.items.empty())
    problem(node, "limits: empty: the rule would do nothing");
  entries(node, "limits", [&](const std::string& key, const YamlNode& value) {
    if (const auto knob = limit::knob_named(key)) return amounts(value, *knob, rule);
    const auto at = std::ranges::find_if(node.items, [&](const YamlNode& item) {
      return item.kind == YamlNode::Kind::kText && item.text == key;
    });
    problem(at != node.items.end() ? *at : value, unknown_word("limits: unknown knob", key, known));
  });
}

// One value; or one per device, as a list of "254:0=10M" or as a map from device to value.
void Decoder::amounts(const YamlNode& node, limit::Knob knob, Rule& rule) {
  const std::string path = "limits." + std::string(limit::name_of(knob));
  const bool detailed = limit::info_of(knob).detail != limit::Detail::kNone;
  if (node.kind == YamlNode::Kind::kMap && detailed)
    return entries(node, path, [&](const std::string& detail, const YamlNode& value) {
      if (const auto word = text(value, path + "." + detail))
        amount(value, knob, detail + "=" + *word, rule);
    });
  if (node.kind == YamlNode::Kind::kList && !detailed)
    return problem(node, path + ": expected a value, not a list");
  for (const YamlNode& item :
       node.kind == YamlNode::Kind::kList ? std::span(node.items) : std::span(&node, 1))
    if (const auto word = text(item, path)) amount(item, knob, *word, rule);
}

void Decoder::amount(const YamlNode& node, limit::Knob knob, const std::string& text, Rule& rule) {
  auto amount = parse_amount(knob, text);
  if (!amount) return problem(node, amount.error().subject);
  // By another spelling of the knob, or of the device.
  if (std::ranges::any_of(rule.limits, [&](const Amount& other) {
        return slot_of(other.knob) == slot_of(knob) && other.detail == amount->detail;
      }))
    return problem(node, std::string(limit::name_of(knob)) + ": this rule sets it twice");
  rule.limits.push_back(*std::move(amount));
}

}  // namespace plimsoll::policy
