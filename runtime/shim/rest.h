// What a keeper does not need while it waits, which is nearly always.
#pragma once

namespace plimsoll::shim {

// Lets go of the pages of our program that were needed to start: the kernel maps sixteen for every
// one that is touched. What is needed again comes back from the page cache.
void give_pages_back();

}  // namespace plimsoll::shim
