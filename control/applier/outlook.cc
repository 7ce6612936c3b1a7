#include "control/applier/outlook.h"

#include <array>
#include <charconv>
#include <utility>

namespace plimsoll::control {
namespace {

using limit::Knob;
using Amount = std::optional<std::uint64_t>;

// One kind of thing that is limited, as it is used, held by others and said.
struct Resource {
  Knob knob{};
  Amount now;  // Used, where that is a state and not a rate.
  std::optional<policy::Use> use;
  const Histogram* seen = nullptr;
  Amount policy::Ceilings::* ceiling = nullptr;
  Amount host;
};

std::string text_of(Knob knob, std::uint64_t amount) {
  if (knob == Knob::kCpuQuota)
    return limit::to_text({knob, "", limit::CpuTime{limit::CpuTime::Unit::kNanoCpus, amount}});
  return limit::to_text({knob, "", amount});
}

std::string percent_text(double share) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), share * 100,
                                          std::chars_format::fixed, 1);
  return error == std::errc() ? std::string(text.data(), end) + " %" : std::string();
}

std::string span_text(std::chrono::nanoseconds span) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(span).count();
  if (minutes > 0) return std::to_string(minutes) + " min";
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

Resource resource_of(Knob knob, const OutlookFacts& facts) {
  const policy::Observed& observed = facts.seen.observed;
  Resource resource{.knob = knob};
  if (knob == Knob::kMemoryMax || knob == Knob::kMemoryHigh) {
    resource.use = observed.memory;
    resource.seen = &facts.seen.memory;
    resource.ceiling = &policy::Ceilings::memory;
    resource.host = facts.host.memory_bytes;
    if (facts.seen.last) resource.now = facts.seen.last->memory;
  } else if (knob == Knob::kCpuQuota) {
    resource.use = observed.nano_cpus;
    resource.seen = &facts.seen.nano_cpus;
    resource.ceiling = &policy::Ceilings::nano_cpus;
    if (facts.host.cpus) resource.host = *facts.host.cpus * 1'000'000'000;
  } else if (knob == Knob::kPidsMax) {
    resource.use = observed.pids;
    resource.seen = &facts.seen.pids;
    resource.ceiling = &policy::Ceilings::pids;
    resource.host = facts.host.pids;
    if (facts.seen.last) resource.now = facts.seen.last->pids;
  }
  return resource;
}

// Nothing: not a number of this resource. kNoLimit: the setting takes the limit away.
constexpr std::uint64_t kNoLimit = UINT64_MAX;
Amount wanted_amount(const limit::Setting& setting) {
  if (!setting.value) return kNoLimit;
  if (const auto* number = std::get_if<std::uint64_t>(&*setting.value)) return *number;
  const auto* time = std::get_if<limit::CpuTime>(&*setting.value);
  if (time != nullptr && time->unit == limit::CpuTime::Unit::kNanoCpus) return time->amount;
  return std::nullopt;
}

// What happens to a group that is above it already.
std::string when_above(Knob knob) {
  if (knob == Knob::kMemoryMax)
    return "what cannot be reclaimed would make the OOM killer come, so it would be refused";
  if (knob == Knob::kMemoryHigh) return "it would be slowed down at once, and reclaimed from";
  return "nothing is ended, and nothing more can be started";
}

class Outlook {
 public:
  Outlook(const OutlookFacts& facts, std::vector<std::string>& lines)
      : facts_(facts), lines_(lines) {}

  void about(const limit::Setting& setting) {
    const Resource resource = resource_of(setting.knob, facts_);
    const Amount wanted = wanted_amount(setting);
    if (resource.ceiling == nullptr || !wanted) return;
    const std::string name(limit::name_of(setting.knob));
    if (*wanted != kNoLimit) now(name, resource, *wanted);
    if (*wanted != kNoLimit) observed(name, resource, *wanted);
    binding(name, resource, *wanted);
  }

 private:
  void say(const std::string& name, const std::string& text) {
    lines_.push_back(name + ": " + text);
  }

  void now(const std::string& name, const Resource& resource, std::uint64_t wanted) {
    if (!resource.now) return;
    const std::string uses = "it uses " + text_of(resource.knob, *resource.now) + " now";
    if (*resource.now > wanted)
      say(name, uses + ", more than that: " + when_above(resource.knob));
    else
      say(name, uses + ", which leaves " + text_of(resource.knob, wanted - *resource.now));
  }

  void observed(const std::string& name, const Resource& resource, std::uint64_t wanted) {
    if (!resource.use || facts_.seen.observed.span.count() == 0) return;
    const std::string over = " in " + span_text(facts_.seen.observed.span);
    const std::string most = text_of(resource.knob, resource.use->max);
    if (resource.use->max <= wanted)
      return say(name, "it used " + most + " at most" + over + ": it would never have met it");
    const bool throttles = resource.knob == Knob::kCpuQuota;
    say(name, "it used more than that " + percent_text(resource.seen->share_above(wanted)) +
                  " of the time" + over + ", " + most + " at most" +
                  (throttles ? ": it would have been throttled then" : ""));
  }

  void binding(const std::string& name, const Resource& resource, std::uint64_t wanted) {
    for (const Above& above : facts_.above) {
      const Amount limit = above.own.*resource.ceiling;
      if (!limit || *limit >= wanted) continue;
      return say(name, above.cgroup + " above it has " + text_of(resource.knob, *limit) +
                           ", which binds before");
    }
    if (!resource.host) return;
    const std::string host = "the host has " + text_of(resource.knob, *resource.host);
    if (wanted >= *resource.host) return say(name, host + ": that is what binds");
    const double share = static_cast<double>(wanted) / static_cast<double>(*resource.host);
    say(name, host + ", of which it may have " + percent_text(share));
  }

  const OutlookFacts& facts_;
  std::vector<std::string>& lines_;
};

}  // namespace

OutlookFacts outlook_facts(Machine& machine, const UsageBook& usage, const std::string& cgroup) {
  OutlookFacts facts{.host = machine.host(), .above = {}, .seen = usage.seen(cgroup)};
  const auto view = machine.view({&cgroup, 1});
  if (const auto group = view ? view->index_of(cgroup) : std::nullopt)
    facts.above = above(*view, *group);
  return facts;
}

std::vector<std::string> outlook_of(std::span<const limit::Setting> wanted,
                                    const OutlookFacts& facts) {
  std::vector<std::string> lines;
  Outlook outlook(facts, lines);
  for (const limit::Setting& setting : wanted) outlook.about(setting);
  return lines;
}

}  // namespace plimsoll::control
