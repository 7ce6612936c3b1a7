// What became of pushed samples; only where pushing is configured.
#include "exporter/metrics/families_self.h"

namespace plimsoll::exporter {

namespace {

using P = const PushStats&;

// A family that is one number of PushStats.
template <auto kOf>
void write_push(FamilyWriter& out, const Context& context) {
  if (context.self.push) out.count("", kOf(*context.self.push));
}

void write_outcomes(FamilyWriter& out, const Context& context) {
  if (!context.self.push) return;
  const PushStats& push = *context.self.push;
  out.count("", push.sent_samples, {{"outcome", "sent"}});
  out.count("", push.refused_samples, {{"outcome", "refused"}});
  out.count("", push.dropped_samples, {{"outcome", "dropped"}});
}

void write_requests(FamilyWriter& out, const Context& context) {
  if (!context.self.push) return;
  for (const auto& [status, count] : context.self.push->requests) {
    char digits[kMaxNumber];
    const std::string_view code(
        digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, status).ptr -
                                         digits));
    out.count("", count, {{"code", status == 0 ? "none" : code}});
  }
}

void write_last_success(FamilyWriter& out, const Context& context) {
  if (!context.self.push || !context.self.push->last_success) return;
  out.real(
      "",
      std::chrono::duration<double>(context.self.push->last_success->time_since_epoch()).count());
}

constexpr auto kCounter = FamilyType::kCounter;
constexpr auto kGauge = FamilyType::kGauge;

const Family kFamilies[] = {
    {{"plimsoll_push_samples_total", kCounter, "", Group::kAlways, "outcome",
      "Samples by what became of them: sent, refused by the receiver (4xx), or dropped because the "
      "queue was full.",
      "-", "-", ""},
     write_outcomes},
    {{"plimsoll_push_requests_total", kCounter, "", Group::kAlways, "code",
      "Requests by the receiver's status; none: no answer came.", "-", "-", ""},
     write_requests},
    {{"plimsoll_push_retries_total", kCounter, "", Group::kAlways, "",
      "Requests that are sent again later.", "-", "-", ""},
     write_push<+[](P p) { return p.retries; }>},
    {{"plimsoll_push_sent_bytes_total", kCounter, "bytes", Group::kAlways, "",
      "Compressed request bodies that were accepted.", "-", "-", ""},
     write_push<+[](P p) { return p.sent_bytes; }>},
    {{"plimsoll_push_queue_samples", kGauge, "", Group::kAlways, "", "Samples that wait.", "-", "-",
      ""},
     write_push<+[](P p) { return p.queued_samples; }>},
    {{"plimsoll_push_queue_bytes", kGauge, "bytes", Group::kAlways, "",
      "Size of the requests that wait.", "-", "-", ""},
     write_push<+[](P p) { return p.queued_bytes; }>},
    {{"plimsoll_push_queue_on_disk", kGauge, "", Group::kAlways, "",
      "1 if what waits is on disk, 0 if the disk did not take it and it waits in memory.", "-", "-",
      ""},
     write_push<+[](P p) { return p.disk_failed ? 0U : 1U; }>},
    {{"plimsoll_push_damaged_requests_total", kCounter, "", Group::kAlways, "",
      "Queue files that did not read back as they were written.", "-", "-", ""},
     write_push<+[](P p) { return p.damaged_batches; }>},
    {{"plimsoll_push_last_success_timestamp_seconds", kGauge, "seconds", Group::kAlways, "",
      "When the receiver last accepted a request.", "-", "-", ""},
     write_last_success},
};

}  // namespace

std::span<const Family> families_push() {
  return kFamilies;
}

}  // namespace plimsoll::exporter
