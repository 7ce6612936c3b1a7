#include "runtime/spec/node.h"

#include "base/number.h"

namespace plimsoll::spec {

namespace {

// What was written, short enough for a message.
std::string shown(const json::Value& value) {
  constexpr std::size_t kMost = 64;
  if (value.type != json::Type::kString && value.type != json::Type::kNumber)
    return std::string(json::name_of(value.type));
  std::string_view text = value.text;
  const bool cut = text.size() > kMost;
  if (cut) text = text.substr(0, kMost);
  std::string result;
  if (value.type == json::Type::kString) {
    json::append_string(result, text);
  } else {
    result = text;
  }
  return cut ? result + "..." : result;
}

Result<std::string> any_text(const Node& node) {
  PLIMSOLL_TRY(node.must_be(json::Type::kString));
  const std::string_view value = node.value().text;
  if (value.find('\0') != std::string_view::npos) return node.fails("has a NUL byte");
  return std::string(value);
}

// "7" or "0-3".
bool is_cpu_range(std::string_view range) {
  const std::size_t dash = range.find('-');
  const auto first = to_number<std::uint32_t>(range.substr(0, dash));
  if (!first || dash == std::string_view::npos) return first.has_value();
  const auto last = to_number<std::uint32_t>(range.substr(dash + 1));
  return last && *first <= *last;
}

}  // namespace

std::string Node::pointer() const {
  if (!parent_) return "";
  std::string result = parent_->pointer() + '/';
  if (key_.data() == nullptr) return result + std::to_string(index_);
  for (const char c : key_) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

Failure Node::fails(std::string_view why) const {
  const std::string place = pointer();  // Of the whole document it is empty.
  return invalid_input("decode",
                       (place.empty() ? "the document" : place) + ": " + std::string(why));
}

void Node::warn(std::string_view why) const {
  warnings_->push_back(pointer() + ": " + std::string(why));
}

Result<> Node::must_be(json::Type type) const {
  if (absent()) return fails("is required");
  if (value_->type == type) return {};
  return fails("must be " + std::string(json::name_of(type)) + ", not " +
               std::string(json::name_of(value_->type)));
}

Result<std::string> required_text(const Node& node) {
  std::string result = PLIMSOLL_TRY(any_text(node));
  if (result.empty()) return node.fails("must not be empty");
  return result;
}

Result<std::string> text(const Node& node) {
  if (node.absent()) return std::string();
  return any_text(node);
}

Result<std::string> absolute_path(const Node& node) {
  std::string result = PLIMSOLL_TRY(text(node));
  if (!result.empty() && result.front() != '/')
    return node.fails("must be an absolute path, not " + shown(node.value()));
  return result;
}

Result<bool> flag(const Node& node) {
  if (node.absent()) return false;
  PLIMSOLL_TRY(node.must_be(json::Type::kBoolean));
  return node.value().boolean;
}

Result<std::vector<std::string>> texts(const Node& node) {
  return list(node, any_text);
}

Result<std::vector<std::string>> absolute_paths(const Node& node) {
  return list<std::string>(node, [](const Node& element) -> Result<std::string> {
    PLIMSOLL_TRY(required_text(element));
    return absolute_path(element);
  });
}

Result<std::string> cpu_list(const Node& node) {
  std::string result = PLIMSOLL_TRY(text(node));
  for (std::string_view rest = result; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const bool last = comma == std::string_view::npos;
    if (!is_cpu_range(rest.substr(0, comma)) || comma + 1 == rest.size())
      return node.fails("must be a list such as 0-3,7, not " + shown(node.value()));
    rest.remove_prefix(last ? rest.size() : comma + 1);
  }
  return result;
}

namespace detail {

Failure not_in_range(const Node& node, const std::string& low, const std::string& high) {
  return node.fails("must be a whole number from " + low + " to " + high + ", not " +
                    shown(node.value()));
}

Failure no_such_word(const Node& node, const std::string& known) {
  return node.fails("must be one of " + known + ", not " + shown(node.value()));
}

}  // namespace detail

}  // namespace plimsoll::spec
