// Rows of all hosts from the answers to cluster_queries(). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/stats/row.h"
#include "base/error.h"

namespace plimsoll::agent {

class PrometheusRows {
 public:
  // The body of an answer to an instant query, in any order. kRejected with the server's words when
  // it says "error", kMalformed when it is something else than an instant vector; series that make
  // no sense (no instance, no id, a value that is no number) are skipped.
  [[nodiscard]] Result<> add(std::string_view body);

  // Rows without an identity (their container ended between two queries) are left out. The time is
  // the newest of the answers'.
  [[nodiscard]] StatsFrame finish() &&;

 private:
  struct Sample;
  struct Row {
    bool known = false;      // An identity was seen.
    bool described = false;  // plimsoll_container_info was.
    bool has_image = false;
    StatsRow row;
    std::map<std::string, double, std::less<>> values;  // By family, or "rate:cpu".
  };
  struct Host {
    std::optional<std::uint64_t> memory;
    bool described = false;  // Some container of it is: a plimsoll exporter is there.
    std::unordered_map<std::string, Row> rows;  // By id.
  };

  void add_sample(const Sample& sample);
  static void identify(Row& entry, const Sample& sample);
  static void fill_in(Row& entry);

  std::map<std::string, Host, std::less<>> hosts_;  // By instance.
  WallTime time_{};
};

// What the server says is wrong, from the body of an answer that is none: its "error", else the
// beginning of the body.
[[nodiscard]] std::string complaint_in(std::string_view body);

}  // namespace plimsoll::agent
