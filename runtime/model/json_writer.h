// Writes the members of one JSON object, in the order they are named: the visitor that
// fields.h is walked with to encode.
//
// Thread: one.
#pragma once

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace plimsoll::model {

// How a value that says nothing is written: clients and dockerd differ by field, not by type.
enum class Empty : std::uint8_t {
  kPlain,  // "", 0, false, [], {}
  kNull,
  kOmitted
};

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void operator()(std::string_view key, const std::string& value, Empty empty = Empty::kPlain);
  void operator()(std::string_view key, bool value, Empty empty = Empty::kPlain);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void operator()(std::string_view key, T value, Empty empty = Empty::kPlain) {
    if (begin(key, value == T{}, empty)) out_ += std::to_string(value);
  }
  void operator()(std::string_view key, std::chrono::nanoseconds value,
                  Empty empty = Empty::kPlain) {
    (*this)(key, value.count(), empty);
  }
  void operator()(std::string_view key, const std::vector<std::string>& value,
                  Empty empty = Empty::kNull);
  // {"80/tcp":{}}
  void operator()(std::string_view key, const std::set<std::string>& value,
                  Empty empty = Empty::kNull);
  void operator()(std::string_view key, const std::map<std::string, std::string>& value,
                  Empty empty = Empty::kPlain);
  template <class T>
  void operator()(std::string_view key, const std::optional<T>& value, Empty empty = Empty::kNull) {
    if (value) {
      (*this)(key, *value, Empty::kPlain);
    } else {
      begin(key, true, empty);
    }
  }

  // Lists and dictionaries of objects, whose fields `fields(writer, element)` names.
  template <class T, class Fields>
  void objects(std::string_view key, const std::vector<T>& values, Fields fields,
               Empty empty = Empty::kPlain) {
    if (begin(key, values.empty(), empty)) append_objects(values, fields);
  }
  template <class T, class Fields>
  void dictionary(std::string_view key, const std::map<std::string, T>& values, Fields fields,
                  Empty empty = Empty::kPlain) {
    if (!begin(key, values.empty(), empty)) return;
    out_ += '{';
    for (bool first = true; const auto& [name, value] : values) {
      append_key(name, std::exchange(first, false));
      append_object(value, fields);
    }
    out_ += '}';
  }
  template <class T, class Fields>
  void lists(std::string_view key, const std::map<std::string, std::vector<T>>& values,
             Fields fields) {
    begin(key, false, Empty::kPlain);
    out_ += '{';
    for (bool first = true; const auto& [name, value] : values) {
      append_key(name, std::exchange(first, false));
      append_objects(value, fields);
    }
    out_ += '}';
  }
  // An object of its own for some of the members of `value`; `present` by whoever knows.
  template <class T, class Fields>
  void group(std::string_view key, const T& value, bool present, Fields fields,
             Empty empty = Empty::kOmitted) {
    if (begin(key, !present, empty)) append_object(value, fields);
  }
  template <class T, class Fields>
  void optional_object(std::string_view key, const std::optional<T>& value, Fields fields,
                       Empty empty = Empty::kOmitted) {
    if (begin(key, !value, empty)) append_object(*value, fields);
  }
  // What is always the same here, and clients look for.
  void constant(std::string_view key, std::string_view json);
  void console_size(std::string_view key, const std::vector<int>& value);

 private:
  // The key, and the value when it is empty; true: the value is still to be written.
  bool begin(std::string_view key, bool is_empty, Empty empty);
  void append_key(std::string_view key, bool first);
  template <class T, class Fields>
  void append_object(const T& value, Fields fields) {
    Writer inner(out_);
    fields(inner, value);
    inner.close();
  }
  template <class T, class Fields>
  void append_objects(const std::vector<T>& values, Fields fields) {
    out_ += '[';
    for (bool first = true; const T& value : values) {
      if (!std::exchange(first, false)) out_ += ',';
      append_object(value, fields);
    }
    out_ += ']';
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace plimsoll::model
