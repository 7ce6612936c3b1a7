#include "exporter/web/metrics_endpoint.h"

#include <algorithm>
#include <utility>

#include "base/number.h"
#include "exporter/metrics/choose.h"
#include "exporter/metrics/negotiate.h"
#include "exporter/stream/select.h"

namespace plimsoll::exporter {

namespace {

using http::Request;
using http::Responder;
using http::Response;
using std::chrono::nanoseconds;

// Below this a compressed body is hardly smaller, and never faster.
constexpr std::size_t kWorthCompressing = 1024;
constexpr const char* kVary = "Accept, Accept-Encoding";

// A header may come more than once; its list is then all of them.
std::string whole_header(const Request& request, std::string_view name) {
  std::string whole;
  for (const auto& [header, value] : request.headers)
    if (header == name) whole.append(whole.empty() ? "" : ",").append(value);
  return whole;
}

bool has_header(const Request& request, std::string_view name) {
  return std::ranges::any_of(request.headers, [&](const auto& h) { return h.first == name; });
}

// How long the client will wait, less what sending may take.
nanoseconds patience(const Request& request, nanoseconds otherwise) {
  constexpr nanoseconds kMargin = std::chrono::milliseconds(500);
  constexpr double kLongest = 3600;
  const auto seconds = to_double(request.header("x-prometheus-scrape-timeout-seconds"));
  nanoseconds timeout = otherwise;
  if (seconds && *seconds > 0)
    timeout = std::chrono::duration_cast<nanoseconds>(
        std::chrono::duration<double>(std::min(*seconds, kLongest)));
  return timeout - std::min(kMargin, timeout / 4);
}

// The JSON API's filters, but for `name`, which is a family's here: container= takes its place.
Result<std::optional<Selection>> row_filter(const Request& request) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const auto& [name, value] : request.query) {
    if (name == "container") parameters.emplace_back("name", value);
    for (const std::string_view filter : {"all", "id", "runtime", "image", "label", "cgroup"})
      if (name == filter) parameters.emplace_back(name, value);
  }
  if (parameters.empty()) return std::optional<Selection>();
  return std::optional(PLIMSOLL_TRY(parse_selection(parameters)));
}

Response not_acceptable(std::string_view what) {
  Response response = Response::text(406, std::string(what));
  response.headers.emplace_back("Vary", kVary);
  return response;
}

Response no_sample() {
  Response response = Response::text(503, "starting: no sample has been taken yet\n");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace

struct MetricsEndpoint::Scrape {
  std::optional<Responder> responder;  // Until it is answered. Loop thread.
  Format format = Format::kText;
  Coding coding = Coding::kIdentity;
  std::optional<FamilySet> families;
  std::optional<Selection> rows;
  nanoseconds max_age{};
};

MetricsEndpoint::MetricsEndpoint(http::Server& server, SamplerLoop& loop, Worker& worker,
                                 const Clock& clock, MetricsOptions options,
                                 std::function<SelfStats()> self)
    : server_(server),
      loop_(loop),
      worker_(worker),
      clock_(clock),
      options_(std::move(options)),
      self_(std::move(self)),
      gzip_(std::max(options_.gzip_level, Gzip::kLevelMin)) {
  server_.route(options_.path, {"GET"}, [this](const Request& request, Responder responder) {
    get(request, std::move(responder));
  });
}

Result<std::shared_ptr<MetricsEndpoint::Scrape>> MetricsEndpoint::parse(
    const Request& request) const {
  auto scrape = std::make_shared<Scrape>();
  scrape->max_age = options_.max_age;
  if (const std::string* text = request.parameter("max_age")) {
    const auto age = parse_duration(*text);
    if (!age)
      return invalid_input("query", "max_age=" + *text + ": give a time such as 500ms or 5s");
    scrape->max_age = *age;
  }
  scrape->rows = PLIMSOLL_TRY(row_filter(request));
  if (chooses_families(request.query))
    scrape->families = PLIMSOLL_TRY(requested_families(
        request.query, {.groups = options_.text.groups,
                        .exporter_metrics = options_.text.exporter_metrics,
                        .histograms = loop_.histograms() != nullptr,
                        .allowed = options_.families.empty() ? nullptr : &options_.families}));
  return scrape;
}

void MetricsEndpoint::get(const Request& request, Responder responder) {
  const auto format = choose_format(whole_header(request, "accept"));
  if (!format)
    return responder.send(not_acceptable(
        "there is text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0 and "
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
        "encoding=delimited\n"));
  std::optional<Coding> coding = Coding::kIdentity;
  if (has_header(request, "accept-encoding"))
    coding = choose_coding(whole_header(request, "accept-encoding"));
  if (!coding) return responder.send(not_acceptable("there is gzip and identity\n"));

  auto parsed = parse(request);
  if (!parsed) return responder.send(Response::text(400, parsed.error().subject + "\n"));
  const std::shared_ptr<Scrape> scrape = *std::move(parsed);
  scrape->format = *format;
  scrape->coding = options_.gzip_level > 0 ? *coding : Coding::kIdentity;
  scrape->responder = std::move(responder);

  server_.after(patience(request, options_.timeout), [this, alive = std::weak_ptr(alive_), scrape] {
    if (alive.lock()) answer(scrape, loop_.current(), Sample::kStale);
  });
  loop_.request(scrape->max_age, Freshness::kScrape,
                [this, alive = std::weak_ptr(alive_), scrape](const SnapshotPtr& snapshot) {
                  server_.post([this, alive, scrape, snapshot] {
                    if (alive.lock()) answer(scrape, snapshot, Sample::kFresh);
                  });
                });
}

void MetricsEndpoint::answer(const std::shared_ptr<Scrape>& scrape, const SnapshotPtr& snapshot,
                             Sample sample) {
  if (!scrape->responder) return;
  // A task must be copyable, a Responder is not.
  auto responder = std::make_shared<Responder>(*std::move(scrape->responder));
  scrape->responder.reset();
  if (!snapshot) return responder->send(no_sample());
  if (sample == Sample::kStale) ++scrapes_stale_;
  SelfStats self = self_();
  self.scrape_stale = sample == Sample::kStale;
  self.scrapes_stale = scrapes_stale_;
  worker_.submit([this, scrape, snapshot, responder, self = std::move(self)] {
    responder->send(page(*scrape, *snapshot, self));
  });
}

TextOptions MetricsEndpoint::text_options() const {
  TextOptions text = options_.text;
  text.now = clock_.now();
  text.histograms = loop_.histograms();
  if (!options_.families.empty()) text.families = &options_.families;
  return text;
}

void MetricsEndpoint::expose(const Exposed& done) {
  const auto write = [this, done](const SnapshotPtr& snapshot) {
    if (!snapshot) return done(std::nullopt, {});
    worker_.submit([this, done, snapshot, self = self_()] {
      std::string text;
      const PageSource source{*snapshot, self, loop_.proc()};
      writer_.write(text, Format::kText, source, text_options());
      server_.post([done, text = std::move(text), at = snapshot->wall]() mutable {
        done(std::move(text), at);
      });
    });
  };
  loop_.request(options_.max_age, Freshness::kScrape,
                [this, alive = std::weak_ptr(alive_), write](const SnapshotPtr& snapshot) {
                  server_.post([alive, write, snapshot] {
                    if (alive.lock()) write(snapshot);
                  });
                });
}

Response MetricsEndpoint::page(const Scrape& scrape, const Snapshot& snapshot,
                               const SelfStats& self) {
  TextOptions text = text_options();
  if (scrape.families) text.families = &*scrape.families;
  std::vector<std::size_t> rows;
  if (scrape.rows) {
    rows = select_rows(snapshot, *scrape.rows);
    text.rows = &rows;
  }
  const PageSource source{snapshot, self, loop_.proc()};
  const std::shared_ptr<std::string> body = bodies_->take();
  Response response;
  response.content_type = content_type(scrape.format);
  response.headers.emplace_back("Vary", kVary);
  if (scrape.coding == Coding::kIdentity) {
    writer_.write(*body, scrape.format, source, text);
  } else {
    plain_.clear();
    writer_.write(plain_, scrape.format, source, text);
    if (plain_.size() < kWorthCompressing) {
      *body = plain_;
    } else {
      gzip_.compress(plain_, *body);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
  }
  response.body = body;
  return response;
}

}  // namespace plimsoll::exporter
