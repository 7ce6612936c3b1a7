// A value of config.json that knows where it stands, and the readers of its members: one for each
// shape. Absent and null are the same to all of them, as to the engines' own encoders.
//
// Every failure is kInvalidInput with the JSON pointer (RFC 6901) first. Thread: values.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace plimsoll::spec {

class Node {
 public:
  // `warnings` collects what is accepted without effect.
  Node(const json::Value* value, std::vector<std::string>* warnings)
      : value_(value), warnings_(warnings) {}
  // Nodes refer to their parents: a child is used while its parent stands.
  Node(const Node& parent, std::string_view key, const json::Value* value)
      : parent_(&parent), key_(key), value_(value), warnings_(parent.warnings_) {}
  Node(const Node& parent, std::size_t index, const json::Value* value)
      : parent_(&parent), index_(index), value_(value), warnings_(parent.warnings_) {}

  [[nodiscard]] bool absent() const { return !value_ || value_->type == json::Type::kNull; }
  [[nodiscard]] const json::Value& value() const { return *value_; }  // Only if !absent().
  // A child that may be absent; still it has a pointer.
  [[nodiscard]] Node operator[](std::string_view key) const {
    return Node(*this, key, value_ ? value_->find(key) : nullptr);
  }

  [[nodiscard]] std::string pointer() const;
  [[nodiscard]] Failure fails(std::string_view why) const;
  void warn(std::string_view why) const;

  // Of the type, or why not; absent is a failure, too.
  [[nodiscard]] Result<> must_be(json::Type type) const;

 private:
  const Node* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  const json::Value* value_ = nullptr;
  std::vector<std::string>* warnings_ = nullptr;
};

// Without NUL bytes: the kernel would see a shorter string than was checked.
[[nodiscard]] Result<std::string> required_text(const Node& node);
[[nodiscard]] Result<std::string> text(const Node& node);           // Absent: empty.
[[nodiscard]] Result<std::string> absolute_path(const Node& node);  // Absent: empty.
[[nodiscard]] Result<bool> flag(const Node& node);                  // Absent: false.
[[nodiscard]] Result<std::vector<std::string>> texts(const Node& node);
[[nodiscard]] Result<std::vector<std::string>> absolute_paths(const Node& node);
// "0-3,7", as the kernel's list of CPUs and memory nodes is written. Absent: empty.
[[nodiscard]] Result<std::string> cpu_list(const Node& node);

namespace detail {
[[nodiscard]] Failure not_in_range(const Node& node, const std::string& low,
                                   const std::string& high);
}

template <std::integral T>
struct Range {
  T low = std::numeric_limits<T>::min();
  T high = std::numeric_limits<T>::max();
};

// A whole number, as written: neither 1.0 nor 1e3, which other readers refuse.
template <std::integral T>
[[nodiscard]] Result<std::optional<T>> number(const Node& node, Range<T> range = {}) {
  if (node.absent()) return std::optional<T>();
  PLIMSOLL_TRY(node.must_be(json::Type::kNumber));
  const std::string_view digits = node.value().text;
  T value{};
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = ec == std::errc{} && end == digits.data() + digits.size();
  if (!whole || value < range.low || value > range.high)
    return detail::not_in_range(node, std::to_string(range.low), std::to_string(range.high));
  return std::optional<T>(value);
}

template <std::integral T>
[[nodiscard]] Result<T> required_number(const Node& node, Range<T> range = {}) {
  PLIMSOLL_TRY(node.must_be(json::Type::kNumber));
  const std::optional<T> value = PLIMSOLL_TRY(number<T>(node, range));
  return value.value_or(T{});
}

template <std::integral T>
[[nodiscard]] Result<T> number_or(const Node& node, T otherwise, Range<T> range = {}) {
  const std::optional<T> value = PLIMSOLL_TRY(number<T>(node, range));
  return value.value_or(otherwise);
}

// `read` makes one element from its Node. Absent: empty.
template <class T>
[[nodiscard]] Result<std::vector<T>> list(const Node& node, Result<T> (*read)(const Node&)) {
  std::vector<T> result;
  if (node.absent()) return result;
  PLIMSOLL_TRY(node.must_be(json::Type::kArray));
  const auto& members = node.value().members;
  result.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i)
    result.push_back(PLIMSOLL_TRY(read(Node(node, i, &members[i].value))));
  return result;
}

// An object's members, each with its key. Absent: empty.
template <class T>
[[nodiscard]] Result<std::vector<std::pair<std::string, T>>> dictionary(
    const Node& node, Result<T> (*read)(const Node&)) {
  std::vector<std::pair<std::string, T>> result;
  if (node.absent()) return result;
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  result.reserve(node.value().members.size());
  for (const json::Member& member : node.value().members) {
    const Node child(node, member.key, &member.value);
    if (member.key.find('\0') != std::string_view::npos)
      return child.fails("the name has a NUL byte");
    result.emplace_back(std::string(member.key), PLIMSOLL_TRY(read(child)));
  }
  return result;
}

template <class T>
[[nodiscard]] Result<std::optional<T>> object(const Node& node, Result<T> (*read)(const Node&)) {
  if (node.absent()) return std::optional<T>();
  PLIMSOLL_TRY(node.must_be(json::Type::kObject));
  return std::optional<T>(PLIMSOLL_TRY(read(node)));
}

template <class T>
struct Word {
  std::string_view spelt;
  T meaning;
};

namespace detail {
[[nodiscard]] Failure no_such_word(const Node& node, const std::string& known);
}

// One of a closed set of words.
template <class T, std::size_t N>
[[nodiscard]] Result<T> word(const Node& node, const Word<T> (&words)[N]) {
  PLIMSOLL_TRY(node.must_be(json::Type::kString));
  std::string known;
  for (const Word<T>& candidate : words) {
    if (candidate.spelt == node.value().text) return candidate.meaning;
    known += known.empty() ? "" : ", ";
    known += candidate.spelt;
  }
  return detail::no_such_word(node, known);
}

}  // namespace plimsoll::spec
