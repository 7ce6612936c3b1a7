// The parsed form of a template. Internal to template.cc, template_parser.cc and
// template_functions.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/stats/template.h"

namespace plimsoll::agent {

struct TemplateFunction {
  std::string_view name;
  std::size_t min_arguments;
  std::size_t max_arguments;
  TemplateValue (*call)(std::span<const TemplateValue> arguments);
  bool keeps_header;  // In a header the first argument is passed through.
};
[[nodiscard]] const TemplateFunction* find_function(std::string_view name);
[[nodiscard]] std::string function_names();
// Go's rule: empty text, zero and false are false.
[[nodiscard]] bool truth(const TemplateValue& value);

struct TemplatePipeline;

struct TemplateOperand {
  enum class Kind : std::uint8_t { kField, kDot, kLiteral, kPipeline };
  Kind kind = Kind::kLiteral;
  std::string field;
  TemplateValue literal;
  std::vector<TemplatePipeline> pipeline;  // One, for kPipeline.
};

// One stage: a function with its arguments, or a lone operand.
struct TemplateCall {
  const TemplateFunction* function = nullptr;
  std::vector<TemplateOperand> operands;
};

struct TemplatePipeline {
  std::vector<TemplateCall> calls;  // Each gets the one before as its last argument.
};

// Text, a pipeline, or a condition with two branches.
struct TemplateNode {
  std::string text;
  std::optional<TemplatePipeline> pipeline;
  bool conditional = false;
  std::vector<TemplateNode> then_nodes, else_nodes;
};

[[nodiscard]] Result<std::vector<TemplateNode>> parse_template(
    std::string_view text, const std::function<bool(std::string_view)>& known_field,
    std::string_view fields_hint, std::size_t offset);

}  // namespace plimsoll::agent
