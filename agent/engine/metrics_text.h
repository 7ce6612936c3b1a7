// Prometheus' text format, for the engine's own metrics. Values of labels are quoted as it wants
// them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace plimsoll::agent {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit MetricsText(std::string begun = {}) : text_(std::move(begun)) {}

  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(std::string_view name, Labels labels, std::uint64_t value);
  void sample(std::string_view name, Labels labels, double value);
  // A family of one sample without labels.
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void begin(std::string_view name, Labels labels);

  std::string text_;
};

}  // namespace plimsoll::agent
