#include <algorithm>
#include <thread>

#include "agent/stats/json_rows.h"
#include "agent/stats/line_buffer.h"
#include "agent/stats/source.h"
#include "http/client.h"

namespace plimsoll::agent {

namespace {

// A container that used CPU has a rate as soon as it was read twice.
bool lacks_rates(const StatsFrame& frame) {
  return std::any_of(frame.rows.begin(), frame.rows.end(), [](const StatsRow& row) {
    return row.is_container && row.cpu_ns && !row.cpu_cores;
  });
}

class ExporterSource final : public StatsSource {
 public:
  ExporterSource(Remote remote, SourceOptions options)
      : endpoint_(std::move(remote.endpoint)),
        client_(std::move(remote.client)),
        options_(options) {}

  Result<> run(const std::function<bool(StatsFrame)>& on_frame) override {
    // The first frame comes at once and with rates; the stream follows at its own pace.
    StatsFrame first = PLIMSOLL_TRY(one());
    if (!on_frame(std::move(first)) || options_.once) return {};
    const std::string target = "/api/v1/stream?all=" + all() + "&interval=" + milliseconds();
    LineBuffer lines;
    Result<> parsed;
    bool wanted = true;
    http::ClientOptions patience = client_;
    patience.timeout += std::chrono::ceil<std::chrono::milliseconds>(2 * options_.interval);
    // The stream's first frame is the newest snapshot there is: often the one just shown.
    WallTime shown = last_;
    const Result<> streamed = http::stream(
        endpoint_, target,
        [&](std::string_view bytes) {
          lines.append(bytes, [&](std::string_view line) {
            if (!wanted) return;
            auto frame = parse_frame(line);
            if (!frame) {
              parsed = std::unexpected(std::move(frame).error());
              wanted = false;
            } else if (*frame && (*frame)->time > shown) {
              shown = (*frame)->time;
              wanted = on_frame(*std::move(*frame));
            }
          });
          return wanted;
        },
        patience);
    if (!parsed) return in(endpoint_, std::move(parsed));
    if (!streamed || !wanted) return wanted ? streamed : Result<>();
    return failure(ErrorKind::kGone, "stream", endpoint_ + ": the exporter ended the stream");
  }

 private:
  [[nodiscard]] std::string all() const { return options_.all_cgroups ? "true" : "false"; }
  [[nodiscard]] std::string milliseconds() const {
    const auto count = std::chrono::ceil<std::chrono::milliseconds>(options_.interval).count();
    return std::to_string(count) + "ms";
  }

  // An exporter that has just started, or a container that has, has no rates yet: wait for the
  // next readings rather than show dashes, but not for ever.
  Result<StatsFrame> one() {
    constexpr int kTries = 6;
    constexpr std::chrono::milliseconds kPause(250);
    std::string target = "/api/v1/containers?all=" + all();
    for (int attempt = 1;; ++attempt) {
      const http::ClientResponse response = PLIMSOLL_TRY(http::get(endpoint_, target, client_));
      const bool starting = response.status == 503;
      if (response.status == 401)
        return failure(ErrorKind::kDenied, "GET",
                       endpoint_ + ": wants a password: give --user and --password-file");
      if (response.status != 200 && !starting)
        return failure(ErrorKind::kRejected, "GET",
                       endpoint_ + "/api/v1/containers: status " + std::to_string(response.status) +
                           ": is that a plimsoll exporter?");
      if (!starting) {
        std::optional<StatsFrame> frame = PLIMSOLL_TRY(in(endpoint_, parse_frame(response.body)));
        if (!frame) return in(endpoint_, Result<StatsFrame>(malformed("no \"containers\" inside")));
        last_ = frame->time;
        if (!lacks_rates(*frame) || attempt >= kTries) return *std::move(frame);
      } else if (attempt >= kTries) {
        return failure(ErrorKind::kBusy, "GET", endpoint_ + ": the exporter is still starting");
      }
      std::this_thread::sleep_for(kPause);
      if (attempt == 1) target += "&max_age=0s";  // Also groups that looked idle are read now.
    }
  }

  const std::string endpoint_;
  const http::ClientOptions client_;
  const SourceOptions options_;
  WallTime last_;
};

}  // namespace

std::unique_ptr<StatsSource> make_exporter_source(Remote remote, SourceOptions options) {
  return std::make_unique<ExporterSource>(std::move(remote), options);
}

}  // namespace plimsoll::agent
