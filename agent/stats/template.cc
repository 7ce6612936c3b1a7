#include "agent/stats/template.h"

#include "agent/stats/template_tree.h"

namespace plimsoll::agent {

namespace {

class Renderer {
 public:
  Renderer(const TemplateData& data, TemplateMode mode) : data_(data), mode_(mode) {}

  std::string render(const std::vector<TemplateNode>& nodes) const {
    std::string out;
    for (const TemplateNode& node : nodes) {
      if (!node.pipeline) {
        out += node.text;
      } else if (node.conditional) {
        out += render(truth(value_of(*node.pipeline)) ? node.then_nodes : node.else_nodes);
      } else {
        out += value_of(*node.pipeline).text;
      }
    }
    return out;
  }

 private:
  TemplateValue value_of(const TemplatePipeline& pipeline) const {
    TemplateValue result;
    for (std::size_t i = 0; i < pipeline.calls.size(); ++i) {
      const TemplateCall& call = pipeline.calls[i];
      std::vector<TemplateValue> arguments;
      arguments.reserve(call.operands.size() + 1);
      for (const TemplateOperand& operand : call.operands) arguments.push_back(value_of(operand));
      if (i > 0) arguments.push_back(std::move(result));
      const bool pass = call.function == nullptr ||
                        (mode_ == TemplateMode::kHeader && call.function->keeps_header);
      result = pass ? std::move(arguments[0]) : call.function->call(arguments);
    }
    return result;
  }

  TemplateValue value_of(const TemplateOperand& operand) const {
    switch (operand.kind) {
      case TemplateOperand::Kind::kField:
        return data_.field(operand.field);
      case TemplateOperand::Kind::kDot:
        return {data_.json_object(), TemplateValue::Kind::kJson};  // The only form a row has.
      case TemplateOperand::Kind::kLiteral:
        return operand.literal;
      case TemplateOperand::Kind::kPipeline:
        return value_of(operand.pipeline.front());
    }
    return {};
  }

  const TemplateData& data_;
  TemplateMode mode_;
};

}  // namespace

Result<Template> Template::parse(std::string_view text,
                                 const std::function<bool(std::string_view)>& known_field,
                                 std::string_view fields_hint, std::size_t offset) {
  Template result;
  result.nodes_ = std::make_shared<const std::vector<TemplateNode>>(
      PLIMSOLL_TRY(parse_template(text, known_field, fields_hint, offset)));
  return result;
}

std::string Template::render(const TemplateData& data, TemplateMode mode) const {
  return Renderer(data, mode).render(*nodes_);
}

}  // namespace plimsoll::agent
