// tmpfs with "tmpcopyup": the image's content is copied into it before it covers it.
#pragma once

namespace plimsoll::runtime {

// Copies what is in directory `from` (O_PATH) into `to`: files, directories, links, with owners,
// modes and times; devices and sockets are left out. No allocation. -1 and errno.
int copy_tree(int from, int to) noexcept;

}  // namespace plimsoll::runtime
