#include <algorithm>
#include <array>

#include "agent/stats/template_lexer.h"
#include "agent/stats/template_tree.h"

namespace plimsoll::agent {

namespace {

// Far beyond what a person nests; keeps hostile input from exhausting the stack.
constexpr std::size_t kMaxDepth = 50;

constexpr auto kNotOffered = std::to_array<std::string_view>(
    {"range", "with", "define", "block", "template", "break", "continue"});

class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::function<bool(std::string_view)>& known_field,
         std::string_view fields_hint)
      : tokens_(std::move(tokens)), known_field_(known_field), fields_hint_(fields_hint) {}

  Result<std::vector<TemplateNode>> run() {
    std::vector<TemplateNode> nodes = PLIMSOLL_TRY(list(0));
    if (at_word("end") || at_word("else"))
      return template_error(tokens_[next_].at,
                            "{{" + tokens_[next_ + 1].text + "}} without {{if}}");
    return nodes;
  }

 private:
  [[nodiscard]] const Token& peek() const { return tokens_[next_]; }
  [[nodiscard]] bool at_word(std::string_view word) const {
    return peek().kind == TokenKind::kOpen && tokens_[next_ + 1].kind == TokenKind::kWord &&
           tokens_[next_ + 1].text == word;
  }

  // Up to the end of the template, or the {{end}} or {{else}} that closes this list.
  Result<std::vector<TemplateNode>> list(std::size_t depth) {
    std::vector<TemplateNode> nodes;
    while (peek().kind != TokenKind::kEnd && !at_word("end") && !at_word("else")) {
      TemplateNode& node = nodes.emplace_back();
      if (peek().kind == TokenKind::kText) {
        node.text = peek().text;
        ++next_;
      } else if (at_word("if")) {
        const std::size_t open = peek().at;
        next_ += 2;
        PLIMSOLL_TRY(condition(node, open, depth));
      } else {
        ++next_;  // {{
        node.pipeline = PLIMSOLL_TRY(pipeline(depth));
        PLIMSOLL_TRY(expect(TokenKind::kClose, "expected }} here"));
      }
    }
    return nodes;
  }

  // After "if": the condition and both branches, through {{end}}.
  Result<> condition(TemplateNode& node, std::size_t open, std::size_t depth) {
    if (depth >= kMaxDepth) return template_error(open, "nested too deeply");
    node.conditional = true;
    node.pipeline = PLIMSOLL_TRY(pipeline(depth));
    PLIMSOLL_TRY(expect(TokenKind::kClose, "expected }} here"));
    node.then_nodes = PLIMSOLL_TRY(list(depth + 1));
    if (at_word("else")) {
      next_ += 2;
      if (peek().kind == TokenKind::kWord && peek().text == "if") {
        ++next_;
        // "else if" shares the one {{end}}.
        return condition(node.else_nodes.emplace_back(), open, depth + 1);
      }
      PLIMSOLL_TRY(expect(TokenKind::kClose, "expected }} after else"));
      node.else_nodes = PLIMSOLL_TRY(list(depth + 1));
    }
    if (!at_word("end")) return template_error(open, "this {{if}} has no {{end}}");
    next_ += 2;
    return expect(TokenKind::kClose, "expected }} after end");
  }

  Result<> expect(TokenKind kind, std::string_view what) {
    if (peek().kind != kind) return template_error(peek().at, what);
    ++next_;
    return {};
  }

  Result<TemplatePipeline> pipeline(std::size_t depth) {
    TemplatePipeline result;
    do {
      if (!result.calls.empty()) ++next_;  // The pipe.
      const std::size_t at = peek().at;
      const std::size_t piped = result.calls.empty() ? 0 : 1;
      result.calls.push_back(PLIMSOLL_TRY(call(depth)));
      PLIMSOLL_TRY(check_arguments(result.calls.back(), piped, at));
    } while (peek().kind == TokenKind::kPipe);
    return result;
  }

  static Result<> check_arguments(const TemplateCall& call, std::size_t piped, std::size_t at) {
    const std::size_t count = call.operands.size() + piped;
    if (call.function == nullptr) {
      if (count == 1) return {};
      return template_error(at, "only a function can take arguments");
    }
    const TemplateFunction& function = *call.function;
    if (count >= function.min_arguments && count <= function.max_arguments) return {};
    return template_error(
        at, std::string(function.name) + " wants " +
                (count < function.min_arguments ? "at least " : "at most ") +
                std::to_string(count < function.min_arguments ? function.min_arguments
                                                              : function.max_arguments) +
                " argument(s), not " + std::to_string(count));
  }

  Result<TemplateCall> call(std::size_t depth) {
    TemplateCall result;
    const Token& head = peek();
    if (head.kind == TokenKind::kWord && head.text != "true" && head.text != "false") {
      result.function = find_function(head.text);
      if (result.function == nullptr) return unknown_word(head);
      ++next_;
    }
    for (;;) {
      const TokenKind kind = peek().kind;
      if (kind == TokenKind::kPipe || kind == TokenKind::kClose || kind == TokenKind::kRight ||
          kind == TokenKind::kEnd)
        break;
      result.operands.push_back(PLIMSOLL_TRY(operand(depth)));
    }
    if (result.function == nullptr && result.operands.empty())
      return template_error(head.at, "a field or function is missing here");
    return result;
  }

  static Failure unknown_word(const Token& token) {
    if (std::find(kNotOffered.begin(), kNotOffered.end(), token.text) != kNotOffered.end())
      return template_error(token.at, "{{" + token.text + "}} is not offered here");
    return template_error(token.at,
                          "unknown function " + token.text +
                              " (fields begin with a dot; functions: " + function_names() + ")");
  }

  Result<TemplateOperand> operand(std::size_t depth) {
    const Token token = tokens_[next_++];
    TemplateOperand result;
    switch (token.kind) {
      case TokenKind::kField:
        result.kind =
            token.text.empty() ? TemplateOperand::Kind::kDot : TemplateOperand::Kind::kField;
        result.field = token.text;
        if (!token.text.empty() && !known_field_(token.text))
          return template_error(token.at,
                                "unknown field ." + token.text + " (" + fields_hint_ + ")");
        return result;
      case TokenKind::kString:
      case TokenKind::kNumber:
        result.literal = {token.text, token.kind == TokenKind::kNumber
                                          ? TemplateValue::Kind::kNumber
                                          : TemplateValue::Kind::kText};
        return result;
      case TokenKind::kLeft:
        if (depth >= kMaxDepth) return template_error(token.at, "nested too deeply");
        result.kind = TemplateOperand::Kind::kPipeline;
        result.pipeline.push_back(PLIMSOLL_TRY(pipeline(depth + 1)));
        PLIMSOLL_TRY(expect(TokenKind::kRight, "expected ) here"));
        return result;
      case TokenKind::kWord:
        if (token.text == "true" || token.text == "false") {
          result.literal = {token.text, TemplateValue::Kind::kBool};
          return result;
        }
        return template_error(token.at, "a function as an argument needs parentheses");
      default:
        return template_error(token.at, "a field or value is missing here");
    }
  }

  std::vector<Token> tokens_;
  const std::function<bool(std::string_view)>& known_field_;
  std::string fields_hint_;
  std::size_t next_ = 0;
};

}  // namespace

Result<std::vector<TemplateNode>> parse_template(
    std::string_view text, const std::function<bool(std::string_view)>& known_field,
    std::string_view fields_hint, std::size_t offset) {
  std::vector<Token> tokens = PLIMSOLL_TRY(lex_template(text, offset));
  return Parser(std::move(tokens), known_field, fields_hint).run();
}

}  // namespace plimsoll::agent
