// Flags about the pages of metrics: which families and labels, how many series, how compressed.
#pragma once

#include "agent/exporter_command.h"

namespace CLI {
class App;
}

namespace plimsoll::agent {

// As add_exporter_flags(), of which they are a part.
void add_page_flags(CLI::App& app, ExporterConfig& config);

}  // namespace plimsoll::agent
