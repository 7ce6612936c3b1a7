#include "agent/top/screen.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <optional>
#include <string>
#include <string_view>

// Functions, not macros with everyday names.
#define NCURSES_NOMACROS 1
#include <curses.h>

#include "agent/top/terminal_check.h"
#include "agent/top/terminal_rescue.h"

namespace plimsoll::agent::top {

namespace {

enum Pair : short { kNoPair, kGoodPair, kAccentPair, kWarningPair, kAlarmPair };

// The console's font has no bars of eight heights; blocks would be question marks or boxes.
bool shows_blocks() {
  const char* term = std::getenv("TERM");
  const std::string_view name = term == nullptr ? "" : term;
  return std::string_view(::nl_langinfo(CODESET)) == "UTF-8" && !name.starts_with("linux") &&
         !name.starts_with("vt");
}

void set_colours() {
  ::start_color();
  const short background = ::use_default_colors() == OK ? -1 : COLOR_BLACK;
  ::init_pair(kGoodPair, COLOR_GREEN, background);
  ::init_pair(kAccentPair, COLOR_CYAN, background);
  ::init_pair(kWarningPair, COLOR_YELLOW, background);
  ::init_pair(kAlarmPair, COLOR_RED, background);
}

struct Paint {
  attr_t attributes;
  short pair;
};

Paint paint_of(const Style& style, bool colour) {
  Paint paint{A_NORMAL, kNoPair};
  if (style.bold) paint.attributes |= A_BOLD;
  if (style.reverse) paint.attributes |= A_REVERSE;
  if (!colour) return paint;
  if (style.tone == Tone::kFaint) paint.attributes |= A_DIM;
  if (style.tone == Tone::kGood) paint.pair = kGoodPair;
  if (style.tone == Tone::kAccent) paint.pair = kAccentPair;
  if (style.tone == Tone::kWarning) paint.pair = kWarningPair;
  if (style.tone == Tone::kAlarm) paint.pair = kAlarmPair;
  return paint;
}

// A cell's characters, as many columns wide as the grid believes whatever the C library thinks of
// them: what it calls otherwise becomes '?'.
void append_cell(std::wstring& out, const std::string& glyph, int width) {
  std::mbstate_t state{};
  std::string_view rest = glyph;
  std::wstring cell;
  int taken = 0;
  while (!rest.empty()) {
    wchar_t c = 0;
    const std::size_t length = ::mbrtowc(&c, rest.data(), rest.size(), &state);
    if (length == 0 || length > rest.size()) break;
    rest.remove_prefix(length);
    const int columns = ::wcwidth(c);
    taken += columns < 0 ? 100 : columns;
    cell += c;
  }
  out += taken == width ? cell : std::wstring(static_cast<std::size_t>(width), L'?');
}

void show_line(const Grid& grid, std::size_t line, bool colour) {
  const std::size_t width = grid.size().columns;
  for (std::size_t column = 0; column < width;) {
    const std::size_t start = column;
    const Style style = grid.at(line, column).style;
    std::wstring text;
    while (column < width && grid.at(line, column).style == style) {
      const bool wide = column + 1 < width && grid.at(line, column + 1).glyph.empty();
      if (!grid.at(line, column).glyph.empty())
        append_cell(text, grid.at(line, column).glyph, wide ? 2 : 1);
      ++column;
    }
    const Paint paint = paint_of(style, colour);
    ::wattr_set(stdscr, paint.attributes, paint.pair, nullptr);
    ::mvwaddnwstr(stdscr, static_cast<int>(line), static_cast<int>(start), text.data(),
                  static_cast<int>(text.size()));
  }
}

KeyKind kind_of(wint_t code) {
  switch (code) {
    case KEY_ENTER:
      return KeyKind::kEnter;
    case KEY_BACKSPACE:
      return KeyKind::kBackspace;
    case KEY_DC:
      return KeyKind::kDelete;
    case KEY_UP:
      return KeyKind::kUp;
    case KEY_DOWN:
      return KeyKind::kDown;
    case KEY_LEFT:
      return KeyKind::kLeft;
    case KEY_RIGHT:
      return KeyKind::kRight;
    case KEY_PPAGE:
      return KeyKind::kPageUp;
    case KEY_NPAGE:
      return KeyKind::kPageDown;
    case KEY_HOME:
      return KeyKind::kHome;
    case KEY_END:
      return KeyKind::kEnd;
    case KEY_F(1):
      return KeyKind::kHelp;
    default:
      return KeyKind::kOther;
  }
}

Key mouse_key() {
  MEVENT event{};
  if (::getmouse(&event) != OK) return {};
  Key key{.kind = KeyKind::kOther, .character = 0, .line = static_cast<std::size_t>(event.y)};
  if ((event.bstate & BUTTON4_PRESSED) != 0) key.kind = KeyKind::kWheelUp;
  if ((event.bstate & BUTTON5_PRESSED) != 0) key.kind = KeyKind::kWheelDown;
  if ((event.bstate & (BUTTON1_CLICKED | BUTTON1_PRESSED)) != 0) key.kind = KeyKind::kClick;
  if ((event.bstate & BUTTON1_DOUBLE_CLICKED) != 0) key.kind = KeyKind::kDoubleClick;
  return key;
}

Key character_key(wint_t character) {
  constexpr wint_t kEscapeCharacter = 27;
  constexpr wint_t kErase = 127;
  if (character == L'\r' || character == L'\n') return {.kind = KeyKind::kEnter};
  if (character == kEscapeCharacter) return {.kind = KeyKind::kEscape};
  if (character == kErase || character == L'\b') return {.kind = KeyKind::kBackspace};
  return {.kind = KeyKind::kCharacter, .character = static_cast<char32_t>(character)};
}

}  // namespace

Result<std::unique_ptr<Screen>> Screen::open(const ScreenOptions& options) {
  PLIMSOLL_TRY(check_terminal());
  remember_terminal(capability_text("rmkx") + capability_text("sgr0") + capability_text("cnorm") +
                    capability_text("rmcup") + (options.mouse ? "\033[?1000l\033[?1006l" : ""));
  if (::newterm(nullptr, stdout, stdin) == nullptr)
    return failure(ErrorKind::kIo, "newterm", "the terminal could not be set up");
  return std::unique_ptr<Screen>(new Screen(options));
}

Screen::Screen(const ScreenOptions& options) : colour_(options.colour && ::has_colors()) {
  if (shows_blocks() && !options.ascii) glyphs_ = Glyphs::kUtf8;
  ::cbreak();
  ::noecho();
  ::nonl();
  ::set_escdelay(25);  // Long enough for a key's bytes to arrive, short enough not to be felt.
  ::keypad(stdscr, true);
  ::nodelay(stdscr, true);
  if (colour_) set_colours();
  if (options.mouse)
    ::mousemask(BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED,
                nullptr);
  ::curs_set(0);
  rescue_terminal_on_crash();
}

Screen::~Screen() {
  // Where there is no second screen to leave, the shell's prompt comes onto this line.
  ::wmove(stdscr, getmaxy(stdscr) - 1, 0);
  ::wclrtoeol(stdscr);
  ::wrefresh(stdscr);
  ::endwin();
  forget_terminal();
}

Size Screen::size() const {
  return {static_cast<std::size_t>(getmaxy(stdscr)), static_cast<std::size_t>(getmaxx(stdscr))};
}

void Screen::show(const Picture& picture) {
  ::werase(stdscr);
  for (std::size_t line = 0; line < picture.grid.size().lines; ++line)
    show_line(picture.grid, line, colour_);
  ::curs_set(picture.cursor ? 1 : 0);
  if (picture.cursor)
    ::wmove(stdscr, static_cast<int>(picture.cursor->line),
            static_cast<int>(picture.cursor->column));
  ::wrefresh(stdscr);
}

std::vector<Key> Screen::keys() {
  std::vector<Key> out;
  wint_t code = 0;
  for (int got = ::wget_wch(stdscr, &code); got != ERR; got = ::wget_wch(stdscr, &code)) {
    if (got != KEY_CODE_YES)
      out.push_back(character_key(code));
    else if (code == KEY_MOUSE)
      out.push_back(mouse_key());
    else if (code != KEY_RESIZE)
      out.push_back({.kind = kind_of(code)});
  }
  return out;
}

void Screen::resized() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
    ::resizeterm(size.ws_row, size.ws_col);
  ::clearok(curscr, true);
}

void Screen::redraw() {
  ::clearok(curscr, true);
}

void Screen::suspend() {
  ::endwin();
  ::kill(::getpid(), SIGSTOP);
  // Another size, another program's text: all anew.
  resized();
}

}  // namespace plimsoll::agent::top
