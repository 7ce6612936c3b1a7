// Events as cAdvisor prints them.
#pragma once

#include <string>

#include "exporter/collect/event_log.h"

namespace plimsoll::exporter {

// {"container_name":"/docker/..","timestamp":"..","event_type":"containerDeletion",
// "event_data":{"container_deletion":{"exit_code":-1}}}; -1: nobody knows.
void append_api_event(std::string& out, const Event& event);

}  // namespace plimsoll::exporter
