// Reads the members of one JSON object: the visitor that fields.h is walked with to decode.
//
// Absent and null leave the value as it is. The first member of a wrong type ends the reading: all
// later calls do nothing, and `failed()` names it ("HostConfig.Memory: must be a whole number").
// Names are found as Go's decoder finds them: exactly, else whatever their case.
// Thread: one; the document outlives the reader.
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
#include "base/number.h"
#include "runtime/model/json_writer.h"

namespace plimsoll::model {

class Reader {
 public:
  Reader(const json::Value& object, std::string place, std::string& failed)
      : object_(object), place_(std::move(place)), failed_(failed) {}

  void operator()(std::string_view key, std::string& value, Empty = Empty::kPlain);
  void operator()(std::string_view key, bool& value, Empty = Empty::kPlain);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  void operator()(std::string_view key, T& value, Empty = Empty::kPlain) {
    const json::Value* found = member(key);
    if (found && !whole(*found, value)) fail(key, "must be a whole number in range", *found);
  }
  void operator()(std::string_view key, std::chrono::nanoseconds& value, Empty = Empty::kPlain) {
    std::chrono::nanoseconds::rep count = value.count();
    (*this)(key, count);
    value = std::chrono::nanoseconds(count);
  }
  // One string is a list of one, too.
  void operator()(std::string_view key, std::vector<std::string>& value, Empty = Empty::kNull);
  void operator()(std::string_view key, std::set<std::string>& value, Empty = Empty::kNull);
  void operator()(std::string_view key, std::map<std::string, std::string>& value,
                  Empty = Empty::kPlain);
  template <class T>
  void operator()(std::string_view key, std::optional<T>& value, Empty = Empty::kNull) {
    if (!member(key)) return;
    T read{};
    (*this)(key, read);
    value = std::move(read);
  }

  template <class T, class Fields>
  void objects(std::string_view key, std::vector<T>& values, Fields fields, Empty = Empty::kPlain) {
    if (const json::Value* found = member(key, json::Type::kArray))
      read_objects(*found, place_of(key), values, fields);
  }
  template <class T, class Fields>
  void dictionary(std::string_view key, std::map<std::string, T>& values, Fields fields,
                  Empty = Empty::kPlain) {
    const json::Value* found = member(key, json::Type::kObject);
    if (!found) return;
    for (const json::Member& each : found->members) {
      if (!check_text(key, each.key)) return;
      read_object(each.value, place_of(key) + '.' + std::string(each.key),
                  values[std::string(each.key)], fields);
    }
  }
  template <class T, class Fields>
  void lists(std::string_view key, std::map<std::string, std::vector<T>>& values, Fields fields) {
    const json::Value* found = member(key, json::Type::kObject);
    if (!found) return;
    for (const json::Member& each : found->members) {
      if (!check_text(key, each.key)) return;
      auto& list = values[std::string(each.key)];
      if (each.value.type == json::Type::kNull) continue;
      const std::string place = place_of(key) + '.' + std::string(each.key);
      if (each.value.type == json::Type::kArray) {
        read_objects(each.value, place, list, fields);
      } else {
        fail_at(place, "must be an array", each.value);
      }
    }
  }
  template <class T, class Fields>
  void group(std::string_view key, T& value, bool, Fields fields, Empty = Empty::kOmitted) {
    if (const json::Value* found = member(key, json::Type::kObject))
      read_object(*found, place_of(key), value, fields);
  }
  template <class T, class Fields>
  void optional_object(std::string_view key, std::optional<T>& value, Fields fields,
                       Empty = Empty::kOmitted) {
    if (const json::Value* found = member(key, json::Type::kObject))
      read_object(*found, place_of(key), value.emplace(), fields);
  }
  void constant(std::string_view, std::string_view) {}
  void console_size(std::string_view key, std::vector<int>& value);

  // The member if it is there and not null, whatever its type.
  [[nodiscard]] const json::Value* member(std::string_view key) const;

 private:
  // The member if it is there, not null, and of the type; another type is the failure.
  [[nodiscard]] const json::Value* member(std::string_view key, json::Type type);
  [[nodiscard]] std::string place_of(std::string_view key) const;
  void fail(std::string_view key, std::string_view why, const json::Value& found) {
    fail_at(place_of(key), why, found);
  }
  void fail_at(const std::string& place, std::string_view why, const json::Value& found);
  // Strings go to the kernel, which would see one with a NUL byte shorter than it was checked.
  bool check_text(std::string_view key, std::string_view text);

  template <std::integral T>
  static bool whole(const json::Value& found, T& value) {
    if (found.type != json::Type::kNumber) return false;
    const auto number = to_number<T>(found.text);
    value = number.value_or(value);
    return number.has_value();
  }
  template <class T, class Fields>
  void read_object(const json::Value& found, const std::string& place, T& value, Fields fields) {
    if (found.type == json::Type::kNull) return;
    if (found.type != json::Type::kObject) return fail_at(place, "must be an object", found);
    Reader inner(found, place, failed_);
    fields(inner, value);
  }
  template <class T, class Fields>
  void read_objects(const json::Value& array, const std::string& place, std::vector<T>& values,
                    Fields fields) {
    values.clear();
    values.resize(array.members.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      read_object(array.members[i].value, place + '[' + std::to_string(i) + ']', values[i], fields);
  }

  const json::Value& object_;
  std::string place_;
  std::string& failed_;
};

}  // namespace plimsoll::model
