#include <cstdio>

#include "agent/exit_code.h"
#include "agent/exporter_command.h"
#include "exporter/metrics/catalogue.h"

namespace plimsoll::agent {

int list_metrics(const ExporterConfig& config) {
  if (config.list_metrics != "table" && config.list_metrics != "json") {
    std::fprintf(stderr, "plimsoll exporter: --list-metrics=%s: give table or json\n",
                 config.list_metrics.c_str());
    return kExitUsage;
  }
  const std::string text =
      config.list_metrics == "json" ? exporter::catalogue_json() : exporter::catalogue_table();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? kExitOk : kExitFailure;
}

}  // namespace plimsoll::agent
