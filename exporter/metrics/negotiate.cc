#include "exporter/metrics/negotiate.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/text.h"
#include "exporter/metrics/header_list.h"

namespace plimsoll::exporter {

namespace {

struct Offer {
  Format format;
  std::string_view type, subtype;
  // What a range may say about it. One that `must` be said is what tells the format from others of
  // the same media type.
  struct Parameter {
    std::string_view name, value;
    bool must = false;
  };
  std::array<Parameter, 2> parameters;
};

// In the order in which wildcards find them.
constexpr Offer kOffers[] = {
    {Format::kText, "text", "plain", {{{"version", "0.0.4"}, {"charset", "utf-8"}}}},
    {Format::kOpenMetrics,
     "application",
     "openmetrics-text",
     {{{"version", "1.0.0"}, {"charset", "utf-8"}}}},
    {Format::kProtobuf,
     "application",
     "vnd.google.protobuf",
     {{{"proto", "io.prometheus.client.MetricFamily", true}, {"encoding", "delimited", true}}}},
};

// How exactly a range names the offer: 0 for */*, 1 for type/*, more for more parameters. Nothing
// if it does not. Parameters that are not ours (Prometheus' `escaping`) say nothing about it.
std::optional<int> specificity(const HeaderElement& range, const Offer& offer) {
  if (range.value == "*/*") return 0;
  const std::size_t slash = range.value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  if (!equal_words(range.value.substr(0, slash), offer.type)) return std::nullopt;
  const std::string_view subtype = range.value.substr(slash + 1);
  if (subtype == "*") return 1;
  if (!equal_words(subtype, offer.subtype)) return std::nullopt;
  int exactness = 2;
  for (const Offer::Parameter& wanted : offer.parameters) {
    const auto said = std::ranges::find_if(range.parameters, [&](const HeaderParameter& parameter) {
      return equal_words(parameter.name, wanted.name);
    });
    if (said == range.parameters.end()) {
      if (wanted.must) return std::nullopt;
      continue;
    }
    if (!equal_words(said->value, wanted.value)) return std::nullopt;
    ++exactness;
  }
  return exactness;
}

struct Rank {
  double q = 0;
  int exactness = -1;
  std::size_t position = 0;  // In the header.

  [[nodiscard]] bool better_than(const Rank& other) const {
    if (q != other.q) return q > other.q;
    const bool named = exactness > 1;
    const bool other_named = other.exactness > 1;
    if (named != other_named) return named;
    return named && position < other.position;
  }
};

// The most specific range decides.
Rank rank_of(const Offer& offer, std::span<const HeaderElement> ranges) {
  Rank best;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto exactness = specificity(ranges[i], offer);
    if (exactness && *exactness > best.exactness) best = {ranges[i].q, *exactness, i};
  }
  return best;
}

}  // namespace

std::optional<Format> choose_format(std::string_view accept) {
  if (trim(accept).empty()) return Format::kText;
  const std::vector<HeaderElement> ranges = parse_header_list(accept);
  if (ranges.empty()) return Format::kText;
  std::optional<Format> chosen;
  Rank best;
  for (const Offer& offer : kOffers) {
    const Rank rank = rank_of(offer, ranges);
    if (rank.q <= 0 || (chosen && !rank.better_than(best))) continue;
    chosen = offer.format;
    best = rank;
  }
  return chosen;
}

std::optional<Coding> choose_coding(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> identity;
  std::optional<double> rest;
  for (const HeaderElement& element : parse_header_list(accept_encoding)) {
    if (equal_words(element.value, "gzip") || equal_words(element.value, "x-gzip"))
      gzip = std::max(gzip.value_or(0), element.q);
    else if (equal_words(element.value, "identity"))
      identity = element.q;
    else if (element.value == "*")
      rest = element.q;
  }
  const double gzip_q = gzip.value_or(rest.value_or(0));
  // Identity needs no mention to be acceptable, and is then what is liked least.
  const bool refused = identity ? *identity <= 0 : rest && *rest <= 0;
  if (gzip_q > 0 && gzip_q >= identity.value_or(0)) return Coding::kGzip;
  if (!refused) return Coding::kIdentity;
  if (gzip_q > 0) return Coding::kGzip;
  return std::nullopt;
}

}  // namespace plimsoll::exporter
