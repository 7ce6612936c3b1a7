#include "bench/formats.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/number.h"
#include "bench/bench_host.h"
#include "bench/measure.h"
#include "exporter/metrics/compress.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_snapshot.h"

namespace plimsoll::bench {

namespace {

using exporter::Format;

constexpr std::size_t kSeries = 100'000;
constexpr std::size_t kRounds = 15;

std::size_t series_of(std::string_view text) {
  std::size_t series = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text[at] != '#') ++series;
  return series;
}

// The page's series as prometheus-cpp keeps them between collecting and serialising.
std::vector<prometheus::MetricFamily> families_of(std::string_view text) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& [name, parsed] : exporter::parse_exposition(text).families) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = name;
    family.help = parsed.help;
    const bool counter = parsed.type == "counter";
    family.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    for (const exporter::ParsedSample& sample : parsed.samples) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      for (const auto& [label, value] : sample.labels) metric.label.push_back({label, value});
      const double value = to_double(sample.value).value_or(0);
      (counter ? metric.counter.value : metric.gauge.value) = value;
    }
  }
  return families;
}

class Bench {
 public:
  Bench() {
    // Enough containers for the series wanted.
    const std::size_t each = series_of(write(*exporter::busy_host(11, 2), Format::kText)) -
                             series_of(write(*exporter::busy_host(10, 2), Format::kText));
    snapshot_ = exporter::busy_host(kSeries / each, 2);
  }

  void run(const PrintRow& row, const std::function<std::size_t()>& allocations) {
    const std::string text = write(*snapshot_, Format::kText);
    series_ = static_cast<double>(series_of(text));
    row("page: series", series_, "series", 0, 0);
    row("page: text", static_cast<double>(text.size()) / series_, "B/series", 0, 0);

    const double floor = scaled([&] {
      out_.resize(text.size());
      std::memcpy(out_.data(), text.data(), text.size());
    });
    row("page, 100 000 series: floor, a copy of the text", floor, "ms", 0, 0);
    // Buffers grow with the first page of each format.
    for (const Format format : {Format::kText, Format::kOpenMetrics, Format::kProtobuf})
      write_into(out_, format);
    const std::size_t before = allocations();
    const double plain = scaled([&] { write_into(out_, Format::kText); });
    const double open = scaled([&] { write_into(out_, Format::kOpenMetrics); });
    const double binary = scaled([&] { write_into(out_, Format::kProtobuf); });
    const double allocated = static_cast<double>(allocations() - before) / (3.0 * kRounds);
    row("page, 100 000 series: text", plain, "ms", 0, 6);
    row("   beside a copy", plain, "ms", floor, 0);
    row("   per series", plain * 1e6 / kSeries, "ns", 0, 60);
    row("page, 100 000 series: OpenMetrics, beside text", open, "ms", plain, 2);
    row("page, 100 000 series: protobuf, beside text", binary, "ms", plain, 2);
    row("page: allocations, any of the formats", allocated, "allocs", 0, 1);

    write_into(out_, Format::kProtobuf);
    row("page: protobuf", static_cast<double>(out_.size()) / series_, "B/series", 0, 0);
    compressed(row, text);
    const auto families = families_of(text);
    const prometheus::TextSerializer serializer;
    const double theirs = scaled([&] { out_ = serializer.Serialize(families); });
    row("page, 100 000 series: prometheus-cpp's serialiser, beside ours", theirs, "ms", plain, 0);
  }

 private:
  void compressed(const PrintRow& row, const std::string& text) {
    std::string small;
    for (const int level : {1, 6}) {
      exporter::Gzip gzip(level);
      const double time = scaled([&] {
        write_into(out_, Format::kText);
        gzip.compress(out_, small);
      });
      const std::string what =
          "page, 100 000 series: text and gzip, level " + std::to_string(level);
      row(what.c_str(), time, "ms", 0, level == 1 ? 90 : 0);
      row("   of the text's size",
          100 * static_cast<double>(small.size()) / static_cast<double>(text.size()), "%", 0, 0);
    }
    exporter::Gzip gzip(1);
    const double time = scaled([&] {
      write_into(out_, Format::kProtobuf);
      gzip.compress(out_, small);
    });
    row("page, 100 000 series: protobuf and gzip, level 1", time, "ms", 0, 0);
  }

  // Milliseconds of CPU for 100 000 series, the median of a few rounds. The first one is not
  // counted: it grows the buffers.
  double scaled(const std::function<void()>& work) {
    work();
    times_.clear();
    times_.reserve(kRounds);
    for (std::size_t i = 0; i < kRounds; ++i) {
      const double start = thread_cpu();
      work();
      times_.push_back(thread_cpu() - start);
    }
    return median(times_) * 1e3 * kSeries / series_;
  }

  void write_into(std::string& out, Format format) {
    out.clear();
    writer_.write(out, format, {*snapshot_, self_, proc_}, {.exporter_metrics = false});
  }
  std::string write(const exporter::Snapshot& snapshot, Format format) {
    std::string out;
    writer_.write(out, format, {snapshot, self_, proc_}, {.exporter_metrics = false});
    return out;
  }

  DirFd proc_ = open_dir("/proc").value();
  exporter::SelfStats self_;
  exporter::PageWriter writer_;
  std::shared_ptr<exporter::Snapshot> snapshot_;
  std::string out_;
  std::vector<double> times_;
  double series_ = 1;
};

}  // namespace

void bench_formats(const PrintRow& row, const std::function<std::size_t()>& allocations) {
  Bench().run(row, allocations);
}

}  // namespace plimsoll::bench
