// The model as a picture. Pure.
#pragma once

#include <cstddef>
#include <optional>

#include "agent/top/grid.h"
#include "agent/top/model.h"

namespace plimsoll::agent::top {

struct Cursor {
  std::size_t line = 0;
  std::size_t column = 0;
};

struct Picture {
  Grid grid;
  std::optional<Cursor> cursor;  // Where somebody types.
};

// Smaller windows show nothing but that they are too small.
inline constexpr Size kSmallest{8, 40};

// As large as the model's window.
[[nodiscard]] Picture draw(const Model& model, Glyphs glyphs);

}  // namespace plimsoll::agent::top
