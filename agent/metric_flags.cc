#include "agent/metric_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "agent/exporter_flags.h"
#include "agent/perf_events_config.h"

namespace plimsoll::agent {

namespace {

constexpr std::string_view kRemovedGroups[] = {"accelerator"};

std::string group_words() {
  std::string words;
  for (std::size_t i = 0; i + 1 < cgroupfs::kGroupCount; ++i) {
    if (!words.empty()) words += ' ';
    words += name_of(static_cast<cgroupfs::Group>(i));
  }
  return words;
}

// The groups of a list, nothing else; what cAdvisor dropped goes to `removed`.
Result<GroupChoice> named_groups(const std::string& list) {
  GroupChoice choice;
  choice.groups = {};
  for (const std::string& word : split(list)) {
    const auto group = cgroupfs::group_named(word);
    if (group)
      choice.groups.set(*group);
    else if (std::ranges::find(kRemovedGroups, word) != std::end(kRemovedGroups))
      choice.removed.push_back(word);
    else
      return invalid_input("metric groups",
                           "'" + word + "' is no metric group; known: " + group_words());
  }
  return choice;
}

void add_groups(CLI::App& app, ExporterConfig& config) {
  struct Lists {
    std::optional<std::string> disable, enable;
  };
  const auto lists = std::make_shared<Lists>();
  const auto choose = [lists, &config] {
    const auto choice = choose_groups(lists->disable ? &*lists->disable : nullptr,
                                      lists->enable ? &*lists->enable : nullptr);
    if (!choice) throw CLI::ValidationError("metric groups", choice.error().subject);
    config.sampler.reader.groups = choice->groups;
    for (const std::string& word : choice->removed)
      config.warnings.push_back("the metric group '" + word + "' no longer exists");
  };
  app.add_option_function<std::string>(
         "--disable_metrics",
         [lists, choose](const std::string& list) {
           lists->disable = list;
           choose();
         },
         "Metric groups to leave out, comma-separated; replaces the default set, as cAdvisor's "
         "flag does")
      ->type_name("GROUPS");
  app.add_option_function<std::string>(
         "--enable_metrics",
         [lists, choose](const std::string& list) {
           lists->enable = list;
           choose();
         },
         "Metric groups to collect, comma-separated; overrides --disable_metrics")
      ->type_name("GROUPS");
}

void add_labels(CLI::App& app, ExporterConfig& config) {
  CLI::Option* const store = app.add_flag(
      "--store_container_labels,!--no-store_container_labels", config.labels.all_container_labels,
      "Every container label becomes a metric label (many series; off but with --compat=strict)");
  // Callbacks run after everything is parsed, in the order in which options are added.
  app.add_option_function<std::string>(
         "--compat",
         [&config, store](const std::string& word) {
           if (word != "default" && word != "strict")
             throw CLI::ValidationError("--compat", "give default or strict");
           config.compat =
               word == "strict" ? exporter::Compat::kStrict : exporter::Compat::kDefault;
           if (word == "strict" && store->count() == 0) config.labels.all_container_labels = true;
         },
         "strict: cAdvisor's zeros for what was not measured, all label names on every series, "
         "explicit timestamps, every container label")
      ->type_name("default|strict");
  app.add_option_function<std::string>(
         "--whitelisted_container_labels",
         [&config](const std::string& list) { config.labels.allowed_labels = split(list); },
         "Container labels that become metric labels, comma-separated")
      ->type_name("LABELS");
  app.add_option_function<std::string>(
         "--env_metadata_whitelist",
         [&config](const std::string& list) {
           config.sampler.inventory.environment_prefixes = split(list);
         },
         "Environment variables that become metric labels, by prefix, comma-separated")
      ->type_name("PREFIXES");
}

// What single groups need to know.
void add_group_options(CLI::App& app, ExporterConfig& config) {
  exporter::SamplerConfig& sampler = config.sampler;
  app.add_option_function<std::string>(
         "--perf_events_config",
         [&sampler](const std::string& path) {
           if (path.empty()) return;
           auto perf = read_perf_events_config(path);
           if (!perf) throw CLI::ValidationError("--perf_events_config", perf.error().message());
           sampler.perf = *std::move(perf);
         },
         "JSON file with the performance events to count; none without")
      ->type_name("FILE");
  add_duration(app, "--resctrl_interval", sampler.resctrl_interval, std::chrono::nanoseconds(0),
               "Put containers into monitoring groups of resctrl, looked after this often; 0 only "
               "reads groups that exist");
  app.add_option(
      "--referenced_reset_interval", sampler.tasks.referenced_reset,
      "After so many looks (of 10 s) the kernel forgets which pages were used; 0: never");
  app.add_flag("--enable_load_reader", sampler.tasks.load_reader,
               "Read how many tasks run and wait, for the group cpuLoad");
}

}  // namespace

Result<GroupChoice> choose_groups(const std::string* disable, const std::string* enable) {
  if (enable != nullptr && !enable->empty()) {
    GroupChoice choice = PLIMSOLL_TRY(named_groups(*enable));
    choice.groups.set(cgroupfs::Group::kAlways);
    return choice;
  }
  if (disable == nullptr) return GroupChoice();
  const GroupChoice off = PLIMSOLL_TRY(named_groups(*disable));
  GroupChoice choice{.groups = cgroupfs::GroupSet::all(), .removed = off.removed};
  for (std::size_t i = 0; i + 1 < cgroupfs::kGroupCount; ++i) {
    const auto group = static_cast<cgroupfs::Group>(i);
    if (off.groups.has(group)) choice.groups.set(group, false);
  }
  return choice;
}

void add_metric_flags(CLI::App& app, ExporterConfig& config) {
  add_groups(app, config);
  add_labels(app, config);
  add_group_options(app, config);
  app.add_flag("--list-metrics{table}", config.list_metrics,
               "Print every metric family and exit; --list-metrics=json for programs");
}

}  // namespace plimsoll::agent
