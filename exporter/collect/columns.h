// N optional numbers per row, column by column. Of the fields there are, one kernel and
// configuration offers about half: a column that no row has takes no memory.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace plimsoll::exporter {

template <std::size_t N>
class Columns {
 public:
  using Bits = std::bitset<N>;
  using Values = std::array<std::uint64_t, N>;

  Columns() = default;
  explicit Columns(std::size_t rows) : present_(rows) {}

  [[nodiscard]] std::size_t rows() const { return present_.size(); }
  [[nodiscard]] bool has(std::size_t column, std::size_t row) const {
    return present_[row].test(column);
  }
  // Only where has().
  [[nodiscard]] std::uint64_t at(std::size_t column, std::size_t row) const {
    return columns_[column][row];
  }
  [[nodiscard]] std::optional<std::uint64_t> value(std::size_t column, std::size_t row) const {
    return has(column, row) ? std::optional(at(column, row)) : std::nullopt;
  }
  // Does any row have it?
  [[nodiscard]] bool any(std::size_t column) const {
    if (columns_[column].empty()) return false;
    for (const Bits& bits : present_)
      if (bits.test(column)) return true;
    return false;
  }

  void set(std::size_t column, std::size_t row, std::uint64_t value) {
    place(column, row) = value;
    present_[row].set(column);
  }
  void unset(std::size_t column, std::size_t row) { present_[row].reset(column); }
  // The row has these and no others.
  void assign(std::size_t row, const Bits& present, const Values& values) {
    constexpr std::size_t kWord = 64;
    constexpr Bits kLow(~std::uint64_t{0});
    for (std::size_t base = 0; base < N; base += kWord)
      for (std::uint64_t left = ((present >> base) & kLow).to_ullong(); left != 0;
           left &= left - 1) {
        const std::size_t column = base + static_cast<std::size_t>(std::countr_zero(left));
        place(column, row) = values[column];
      }
    present_[row] = present;
  }

 private:
  std::uint64_t& place(std::size_t column, std::size_t row) {
    std::vector<std::uint64_t>& values = columns_[column];
    if (values.empty()) values.resize(rows());
    return values[row];
  }

  std::array<std::vector<std::uint64_t>, N> columns_;
  std::vector<Bits> present_;  // Per row.
};

}  // namespace plimsoll::exporter
