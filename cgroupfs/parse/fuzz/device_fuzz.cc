// Files with a line or more per device.
#include "cgroupfs/parse/blkio.h"
#include "cgroupfs/parse/fuzz/check.h"
#include "cgroupfs/parse/io_limit.h"
#include "cgroupfs/parse/io_stat.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plimsoll::cgroupfs;
  const std::string_view text = as_text(data, size);
  check_cursor(text, BlkioLines(text));
  check_cursor(text, IoStatLines(text));
  check_cursor(text, IoMaxLines(text));
  return 0;
}
