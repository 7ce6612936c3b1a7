#include "agent/stats/prometheus_source.h"

#include <thread>

#include "agent/percent_encode.h"
#include "agent/stats/prometheus_rows.h"

namespace plimsoll::agent {

namespace {

class PrometheusSource final : public StatsSource {
 public:
  PrometheusSource(PrometheusRemote prometheus, SourceOptions options)
      : prometheus_(std::move(prometheus)), options_(options) {
    // A query over ten thousand hosts is not done in the time of a question to one.
    prometheus_.remote.client.timeout = std::chrono::seconds(60);
    prometheus_.remote.client.max_body = std::size_t{256} << 20;
  }

  Result<> run(const std::function<bool(StatsFrame)>& on_frame) override {
    auto next = std::chrono::steady_clock::now();
    for (bool first = true;; first = false) {
      StatsFrame frame = PLIMSOLL_TRY(one());
      if (first && frame.rows.empty()) return nothing_there();
      if (!on_frame(std::move(frame)) || options_.once) return {};
      next = std::max(next + options_.interval, std::chrono::steady_clock::now());
      std::this_thread::sleep_until(next);
    }
  }

 private:
  [[nodiscard]] Result<StatsFrame> one() const {
    PrometheusRows rows;
    for (const std::string& query : cluster_queries(prometheus_.query)) {
      const std::string body = PLIMSOLL_TRY(ask(query));
      PLIMSOLL_TRY(in(prometheus_.remote.endpoint, rows.add(body)));
    }
    return std::move(rows).finish();
  }

  // In the body, since such a query is longer than some proxies take as a path.
  [[nodiscard]] Result<std::string> ask(const std::string& query) const {
    const std::string& endpoint = prometheus_.remote.endpoint;
    const std::string target = prometheus_.path + "/api/v1/query";
    http::ClientResponse answer = PLIMSOLL_TRY(http::post(
        endpoint, target, {"application/x-www-form-urlencoded", "query=" + percent_encoded(query)},
        prometheus_.remote.client));
    if (answer.status == 200) return std::move(answer.body);
    if (answer.status == 401 || answer.status == 403)
      return failure(ErrorKind::kDenied, "POST",
                     endpoint +
                         ": wants to know who asks: give --user and --password-file, or "
                         "--token-file");
    return failure(ErrorKind::kRejected, "POST",
                   endpoint + target + ": status " + std::to_string(answer.status) + ": " +
                       complaint_in(answer.body));
  }

  [[nodiscard]] Result<> nothing_there() const {
    return failure(ErrorKind::kGone, "query",
                   prometheus_.remote.endpoint + " has no series " +
                       wanted_series(prometheus_.query) +
                       ": does it scrape plimsoll exporters, or cAdvisor, and does --match fit?");
  }

  PrometheusRemote prometheus_;
  const SourceOptions options_;
};

}  // namespace

std::unique_ptr<StatsSource> make_prometheus_source(PrometheusRemote prometheus,
                                                    SourceOptions options) {
  return std::make_unique<PrometheusSource>(std::move(prometheus), options);
}

}  // namespace plimsoll::agent
