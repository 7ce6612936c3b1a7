// plimsoll-shim: the keeper of one container. Static and small, because there is one per container,
// for as long as the container lives.
#include <cstdio>
#include <utility>

#include "runtime/shim/keeper.h"
#include "runtime/shim/options.h"

namespace {

int fail(const plimsoll::Error& error, int code) {
  ::fprintf(stderr, "plimsoll-shim: %s\n", error.message().c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace plimsoll::shim;
  auto options = parse_options({argv, static_cast<std::size_t>(argc)});
  if (!options) {
    ::fputs(kUsage, stderr);
    return fail(options.error(), 2);
  }
  const auto ready = options->ready_fd;
  auto keeper = Keeper::create(*std::move(options));
  if (!keeper) {
    if (ready) ::dprintf(*ready, "error %s\n", keeper.error().message().c_str());
    return fail(keeper.error(), 1);
  }
  const auto record = keeper->run();
  return record ? 0 : fail(record.error(), 1);
}
