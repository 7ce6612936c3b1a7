#include "exporter/cadvisor/psi_json.h"

#include <array>
#include <cmath>

namespace plimsoll::exporter {

namespace {

using cgroupfs::Field;
using cgroupfs::PressureAverages;
using cgroupfs::PressureResource;

struct Totals {
  Field full, some;
};

Totals totals_of(PressureResource resource) {
  switch (resource) {
    case PressureResource::kCpu:
      return {Field::kPsiCpuFull, Field::kPsiCpuSome};
    case PressureResource::kMemory:
      return {Field::kPsiMemoryFull, Field::kPsiMemorySome};
    case PressureResource::kIo:
    case PressureResource::kIrq:
      break;
  }
  return {Field::kPsiIoFull, Field::kPsiIoSome};
}

const PressureAverages* averages_of(const StatPoint& point) {
  const auto& all = point.snapshot().pressure_averages;
  return point.row() < all.size() ? &all[point.row()] : nullptr;
}

void write_data(GoJson& json, std::string_view name, std::optional<std::uint64_t> total_ns,
                const PressureAverages::Line& averages, const StatPoint& point) {
  constexpr std::array<std::string_view, 3> kWindows = {"avg10", "avg60", "avg300"};
  constexpr std::uint64_t kMicro = 1000;
  json.begin_object(name);
  json.number("total", total_ns.value_or(0) / kMicro);
  for (std::size_t i = 0; i < kWindows.size() && !point.is_past(); ++i) {
    const double share = averages ? static_cast<double>((*averages)[i]) : 0;
    // Percent with the kernel's two decimals; a float's other digits are noise.
    json.real(kWindows[i], std::round(share * 1e4) / 1e2);
  }
  json.end_object();
}

}  // namespace

void write_psi(GoJson& json, const StatPoint& point, PressureResource resource) {
  const Totals totals = totals_of(resource);
  const PressureAverages* averages = averages_of(point);
  const auto line = [&](auto member) {
    return averages != nullptr ? (averages->*member)[static_cast<std::size_t>(resource)]
                               : PressureAverages::Line();
  };
  json.begin_object("psi");
  write_data(json, "full", point.value(totals.full), line(&PressureAverages::full), point);
  write_data(json, "some", point.value(totals.some), line(&PressureAverages::some), point);
  json.end_object();
}

}  // namespace plimsoll::exporter
