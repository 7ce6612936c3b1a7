// The `filters` of a query: {"label":{"a=b":true}} as the docker CLI writes it, {"label":["a=b"]}
// as others do.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/refusal.h"

namespace plimsoll::docker {

class Filters {
 public:
  // Empty text: no filters. kInvalid: no such JSON, or a key that is not among `known`
  // ("invalid filter 'x'"). Pure.
  [[nodiscard]] static model::Answer<Filters> parse(std::string_view text,
                                                    std::initializer_list<std::string_view> known);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] const std::vector<std::string>& values(std::string_view key) const;
  // No such filter, or one of its values is `value`.
  [[nodiscard]] bool admits(std::string_view key, std::string_view value) const;
  // No such filter, or one of its values begins `value`.
  [[nodiscard]] bool admits_beginning(std::string_view key, std::string_view value) const;
  // No such filter, or one of its values is part of `value`.
  [[nodiscard]] bool admits_part(std::string_view key, std::string_view value) const;
  // Every "name" or "name=value" of `key` is among the labels.
  [[nodiscard]] bool admits_labels(std::string_view key,
                                   const std::map<std::string, std::string>& labels) const;
  // No such filter: `absent`. kInvalid: it is neither yes nor no.
  [[nodiscard]] model::Answer<std::optional<bool>> flag(std::string_view key) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

}  // namespace plimsoll::docker
