#include "agent/page_flags.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "exporter/metrics/choose.h"

namespace plimsoll::agent {

namespace {

// Appends the words of a comma-separated list.
void append_words(std::vector<std::string>& words, const std::string& list) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
}

CLI::Option* add_list(CLI::App& app, const std::string& name,
                      std::function<void(const std::string&)> add, const std::string& help) {
  return app
      .add_option_function<std::vector<std::string>>(
          name,
          [add = std::move(add)](const std::vector<std::string>& lists) {
            for (const std::string& list : lists) add(list);
          },
          help)
      ->type_name("PATTERN,...")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
}

}  // namespace

void add_page_flags(CLI::App& app, ExporterConfig& config) {
  struct Patterns {
    std::vector<std::string> allow, deny;
  };
  const auto patterns = std::make_shared<Patterns>();
  const auto choose = [patterns, &config] {
    auto families = exporter::allowed_families(patterns->allow, patterns->deny);
    if (!families) throw CLI::ValidationError("metrics", families.error().subject);
    config.metrics.families = *std::move(families);
  };
  add_list(
      app, "--metrics.allow",
      [patterns, choose](const std::string& list) {
        append_words(patterns->allow, list);
        choose();
      },
      "Families that pages show, no others; * and ? as in a shell (repeatable)");
  add_list(
      app, "--metrics.deny",
      [patterns, choose](const std::string& list) {
        append_words(patterns->deny, list);
        choose();
      },
      "Families that pages do not show (repeatable)");
  add_list(
      app, "--labels.allow",
      [&config](const std::string& list) { append_words(config.labels.allow, list); },
      "Container labels that become metric labels; * and ? as in a shell (repeatable)");
  add_list(
      app, "--labels.deny",
      [&config](const std::string& list) { append_words(config.labels.deny, list); },
      "Container labels that never become metric labels, whatever allows them (repeatable)");
  app.add_option("--metrics.max-series", config.metrics.text.max_series,
                 "Series of a page at most; what has no room is left out container by container; "
                 "0 = no limit")
      ->capture_default_str();
  app.add_flag("--metrics.histograms", config.sampler.keep_histograms,
               "Histograms of each container's CPU and memory over all samples, so that a scrape "
               "shows bursts in between");
  app.add_flag("--metrics.created", config.metrics.text.created,
               "Tell since when counters count, in OpenMetrics (a second series per counter) and "
               "protobuf");
  app.add_option("--web.gzip-level", config.metrics.gzip_level,
                 "How hard pages are compressed for clients that take gzip: 1 (fast) to 12 "
                 "(small), 0 = never")
      ->check(CLI::Range(0, exporter::Gzip::kLevelMax))
      ->capture_default_str();
}

}  // namespace plimsoll::agent
