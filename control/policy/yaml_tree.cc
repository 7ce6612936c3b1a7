#include "control/policy/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <utility>

namespace plimsoll::policy {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

std::size_t count_of(const YamlNode& node) {
  std::size_t count = 1;
  for (const YamlNode& item : node.items) count += count_of(item);
  return count;
}

// Builds the tree from the parser's events. The library's own tree would take an alias inside of
// its anchor for a node that contains itself.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::size_t max_nodes) : left_(max_nodes) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) refuse(mark_of(mark), "a second document: one file, one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf({.at = mark_of(mark)}, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& value) override {
    // C interfaces would take a part of the text for the whole.
    if (value.find('\0') != std::string::npos) refuse(mark_of(mark), "contains a NUL byte");
    leaf({.kind = YamlNode::Kind::kText, .at = mark_of(mark), .text = value}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      return refuse(mark_of(mark), "this alias is part of what it stands for");
    if (!take(count_of(known->second), mark_of(mark))) return;
    YamlNode copy = known->second;
    copy.at = mark_of(mark);  // Where it is used is where somebody looks.
    add(std::move(copy));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open_.push_back({{.kind = YamlNode::Kind::kList, .at = mark_of(mark)}, anchor});
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open_.push_back({{.kind = YamlNode::Kind::kMap, .at = mark_of(mark)}, anchor});
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] bool failed() const { return document_.problem.has_value(); }
  [[nodiscard]] YamlDocument take_document() { return std::move(document_); }

  void refuse(Mark at, std::string why) {
    if (!failed()) document_.problem = Problem{"", at, std::move(why)};
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
  };

  bool take(std::size_t nodes, Mark at) {
    if (nodes <= left_ && !failed()) {
      left_ -= nodes;
      return true;
    }
    refuse(at, "too large: aliases count as what they stand for");
    return false;
  }
  void leaf(YamlNode node, YAML::anchor_t anchor) {
    if (take(1, node.at)) finish(std::move(node), anchor);
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (take(1, done.node.at)) finish(std::move(done.node), done.anchor);
  }
  void finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    add(std::move(node));
  }
  void add(YamlNode node) {
    if (!open_.empty())
      open_.back().node.items.push_back(std::move(node));
    else if (documents_ == 1)
      document_.top = std::move(node);
  }

  YamlDocument document_;
  std::size_t left_;
  std::size_t documents_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
};

}  // namespace

std::string_view name_of(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kText:
      return "a text";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMap:
      break;
  }
  return "keys and values";
}

YamlDocument parse_yaml(std::string_view text, std::size_t max_nodes) {
  std::istringstream stream{std::string(text)};
  Builder builder(max_nodes);
  try {
    YAML::Parser parser(stream);
    while (!builder.failed() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    builder.refuse(mark_of(error.mark), "not YAML: " + error.msg);
  }
  return builder.take_document();
}

}  // namespace plimsoll::policy
