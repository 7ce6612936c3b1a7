// The exporter about who gets in, and about what it may do.
#include "exporter/metrics/families_self.h"

namespace plimsoll::exporter {

namespace {

void write_refused(FamilyWriter& out, const Context& context) {
  for (const auto& [reason, count] : context.self.access.refused)
    out.count("", count, {{"reason", reason}});
}

void write_config_good(FamilyWriter& out, const Context& context) {
  if (!context.self.access.has_web_config) return;
  out.count("", context.self.access.web_config_good ? 1 : 0);
}

void write_config_time(FamilyWriter& out, const Context& context) {
  if (!context.self.access.has_web_config) return;
  out.real("", context.self.access.web_config_read_time);
}

void write_missing(FamilyWriter& out, const Context& context) {
  for (const auto& missing : context.self.access.missing)
    out.count("", 1, {{"capability", missing.capability}, {"group", missing.group}});
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;
using S = const SelfStats&;

constexpr Family kFamilies[] = {
    {{"plimsoll_http_refused_total", kCounter, "", Group::kAlways, "reason",
      "Requests refused before any route was looked at.", "-", "-",
      "reason is busy (too many passwords to compare), credentials, host or rate_limit."},
     write_refused},
    {{"plimsoll_http_tls_handshake_failures_total", kCounter, "", Group::kAlways, "",
      "Connections without a common TLS version, or without a certificate that gets in.", "-", "-",
      ""},
     write_self<+[](S s) { return s.access.failed_handshakes; }>},
    {{"plimsoll_http_password_comparisons_total", kCounter, "", Group::kAlways, "",
      "Passwords compared with bcrypt, not answered from memory.", "-", "-", ""},
     write_self<+[](S s) { return s.access.password_comparisons; }>},
    {{"plimsoll_web_config_last_reload_successful", kGauge, "", Group::kAlways, "",
      "1 if the last reading of the web config file succeeded.", "-", "-",
      "With --web.config.file only. 0: what was in force before still is."},
     write_config_good},
    {{"plimsoll_web_config_last_reload_success_timestamp_seconds", kGauge, "seconds",
      Group::kAlways, "", "When the web config file was last read with success.", "-", "-",
      "With --web.config.file only."},
     write_config_time},
    {{"plimsoll_capability_missing", kGauge, "", Group::kAlways, "capability,group",
      "1 for a capability the exporter lacks, and what is incomplete without it.", "-", "-",
      "group is a metric group, or names (names, images and labels of containers)."},
     write_missing},
    {{"plimsoll_sandboxed", kGauge, "", Group::kAlways, "",
      "1 if a system call filter forbids writing files and starting processes.", "-", "-", ""},
     write_self<+[](S s) { return s.access.sandboxed ? 1U : 0U; }>},
};

}  // namespace

std::span<const Family> families_access() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
