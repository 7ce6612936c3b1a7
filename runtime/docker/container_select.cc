#include "runtime/docker/container_select.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/number.h"
#include "runtime/docker/container_text.h"

namespace plimsoll::docker {

namespace {

using engine::Container;
using engine::ContainerPtr;
using Values = std::vector<std::string>;

constexpr std::array<std::string_view, 7> kStatuses = {
    "created", "running", "paused", "restarting", "removing", "exited", "dead"};
constexpr std::array<std::string_view, 4> kHealths = {"starting", "healthy", "unhealthy", "none"};

template <std::size_t N>
model::Answer<> check_words(const Filters& filters, std::string_view key,
                            const std::array<std::string_view, N>& words) {
  for (const std::string& value : filters.values(key))
    if (std::ranges::find(words, value) == words.end())
      return model::refuse(model::Refused::kInvalid,
                           "invalid filter '" + std::string(key) + "=" + value + "'");
  return {};
}

// A regular expression that matches anywhere; what is none is a plain name.
class Pattern {
 public:
  explicit Pattern(const std::string& text)
      : text_(text), good_(::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB) == 0) {}
  ~Pattern() {
    if (good_) ::regfree(&compiled_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  [[nodiscard]] bool matches(const std::string& name) const {
    return good_ ? ::regexec(&compiled_, name.c_str(), 0, nullptr, 0) == 0 : name == text_;
  }

 private:
  const std::string& text_;
  regex_t compiled_{};
  bool good_;
};

// Names are stored with a slash, and people write them without.
bool admits_name(const Values& wanted, const std::string& name) {
  return wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& one) {
           const Pattern pattern(one);
           return pattern.matches(name) || pattern.matches('/' + name);
         });
}

bool admits_exited(const Values& wanted, const engine::State& state) {
  if (wanted.empty()) return true;
  if (state.running() || !state.started) return false;
  return std::ranges::find(wanted, std::to_string(state.exit_code)) != wanted.end();
}

bool admits_network(const Values& wanted, const Container& container) {
  const auto is = [&](const std::string& one) {
    for (const net::Endpoint& endpoint : container.endpoints)
      if (endpoint.network_name == one || (!one.empty() && endpoint.network_id.starts_with(one)))
        return true;
    const std::string& mode = container.definition.host.network_mode;
    const bool bridge = mode == "default" || mode.empty();
    return (bridge ? "bridge" : mode) == one || container.definition.networks.contains(one);
  };
  return wanted.empty() || std::ranges::any_of(wanted, is);
}

bool admits_volume(const Values& wanted, const Container& container) {
  const auto is = [&](const std::string& one) {
    return std::ranges::any_of(container.mounts, [&](const engine::MountPoint& mount) {
      return mount.name == one || mount.destination == one;
    });
  };
  return wanted.empty() || std::ranges::any_of(wanted, is);
}

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::string protocol;
};

// "80", "80/udp", "8000-8080/tcp"
std::optional<PortRange> port_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  PortRange range;
  range.protocol = slash == std::string_view::npos ? "tcp" : std::string(text.substr(slash + 1));
  const std::string_view numbers = text.substr(0, slash);
  const std::size_t dash = numbers.find('-');
  const auto first = to_number<std::uint16_t>(numbers.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : to_number<std::uint16_t>(numbers.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  range.first = *first;
  range.last = *last;
  return range;
}

model::Answer<> check_ports(const Filters& filters, std::string_view key) {
  for (const std::string& value : filters.values(key))
    if (!port_range(value))
      return model::refuse(model::Refused::kInvalid,
                           "invalid filter '" + std::string(key) + "=" + value + "'");
  return {};
}

bool within(const Values& wanted, std::uint16_t port, std::string_view protocol) {
  return std::ranges::any_of(wanted, [&](const std::string& one) {
    const auto range = port_range(one);
    return range && range->protocol == protocol && range->first <= port && port <= range->last;
  });
}

// Of the container's own ports; "expose" is content with what is not published.
bool admits_ports(const Filters& filters, const Container& container) {
  const Values& published = filters.values("publish");
  const Values& exposed = filters.values("expose");
  const auto in_use = [&](const Values& wanted) {
    return std::ranges::any_of(container.published, [&](const net::Published& each) {
      return within(wanted, each.container_port, each.protocol);
    });
  };
  if (!published.empty() && !in_use(published)) return false;
  if (exposed.empty() || in_use(exposed)) return true;
  return std::ranges::any_of(container.definition.config.exposed_ports, [&](const auto& each) {
    const auto range = port_range(each);
    return range && within(exposed, range->first, range->protocol);
  });
}

bool admits(const Container& container, const Selection& selection) {
  const Filters& filters = selection.filters;
  const engine::State& state = container.state;
  const std::string health = state.health ? state.health->status : "none";
  if (filters.has("ancestor") && !selection.ancestor_images.contains(container.image_id))
    return false;
  if (filters.values("is-task") == Values{"true"}) return false;  // There is no swarm here.
  return filters.admits_beginning("id", container.id) &&
         admits_name(filters.values("name"), container.name) &&
         filters.admits_labels("label", container.definition.config.labels) &&
         filters.admits("status", state_word(state.status)) && filters.admits("health", health) &&
         admits_exited(filters.values("exited"), state) &&
         admits_network(filters.values("network"), container) &&
         admits_volume(filters.values("volume"), container) && admits_ports(filters, container);
}

struct Span {
  std::optional<WallTime> after;
  std::optional<WallTime> before;
};

model::Answer<Span> span_of(const Selection& selection) {
  Span span;
  for (const char* key : {"before", "since"}) {
    for (const std::string& value : selection.filters.values(key)) {
      const ContainerPtr found = selection.find(value);
      if (!found) return model::refuse(model::Refused::kNotFound, "No such container: " + value);
      (key == std::string_view("before") ? span.before : span.after) = found->created;
    }
  }
  return span;
}

}  // namespace

model::Answer<Filters> container_filters(std::string_view text) {
  Filters filters = PLIMSOLL_TRY(Filters::parse(
      text, {"ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation",
             "label", "name", "network", "publish", "since", "status", "volume"}));
  PLIMSOLL_TRY(check_words(filters, "status", kStatuses));
  PLIMSOLL_TRY(check_words(filters, "health", kHealths));
  PLIMSOLL_TRY(check_ports(filters, "publish"));
  PLIMSOLL_TRY(check_ports(filters, "expose"));
  for (const std::string& value : filters.values("exited"))
    if (!to_number<int>(value))
      return model::refuse(model::Refused::kInvalid, "invalid filter 'exited=" + value + "'");
  return filters;
}

model::Answer<std::vector<ContainerPtr>> select(const std::vector<ContainerPtr>& newest_first,
                                                const Selection& selection) {
  const Span span = PLIMSOLL_TRY(span_of(selection));
  const bool all = selection.all || selection.limit > 0 || selection.filters.has("status") ||
                   span.before || span.after;
  std::vector<ContainerPtr> chosen;
  for (const ContainerPtr& container : newest_first) {
    if (selection.limit > 0 && std::cmp_greater_equal(chosen.size(), selection.limit)) break;
    if (!all && !container->state.running()) continue;
    if (span.before && container->created >= *span.before) continue;
    if (span.after && container->created <= *span.after) continue;
    if (admits(*container, selection)) chosen.push_back(container);
  }
  return chosen;
}

}  // namespace plimsoll::docker
