// The terminal: pictures go to it, keys come from it. The only place that knows ncurses.
#pragma once

#include <memory>
#include <vector>

#include "agent/top/draw.h"
#include "agent/top/key.h"
#include "base/error.h"

namespace plimsoll::agent::top {

struct ScreenOptions {
  bool colour = true;
  bool mouse = false;  // The terminal's own selecting of text then needs Shift.
  bool ascii = false;  // Even if the terminal could do more.
};

// Standard output and input. One at a time, since ncurses has one. From open() until it is
// destroyed the terminal is in its full-screen mode; a crash brings it back as well.
//
// Thread: one.
class Screen {
 public:
  // After check_terminal(), whose failures it has, too.
  [[nodiscard]] static Result<std::unique_ptr<Screen>> open(const ScreenOptions& options);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // UTF-8 by the locale (LC_CTYPE, set before open()) where the terminal has the characters: the
  // console has not.
  [[nodiscard]] Glyphs glyphs() const { return glyphs_; }
  [[nodiscard]] Size size() const;
  void show(const Picture& picture);
  // Those that are there; never blocks.
  [[nodiscard]] std::vector<Key> keys();
  void resized();  // After SIGWINCH.
  void redraw();   // All of it, whatever the terminal has.
  // Gives the terminal back and stops the process, as ^Z should; returns when it goes on.
  void suspend();

 private:
  explicit Screen(const ScreenOptions& options);

  bool colour_;
  Glyphs glyphs_ = Glyphs::kAscii;
};

}  // namespace plimsoll::agent::top
