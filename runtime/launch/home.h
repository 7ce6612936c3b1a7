// HOME of a user that was given none.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace plimsoll::runtime {

// Writes "HOME=<directory>" of `uid` by this root's /etc/passwd, "HOME=/" if it says none. Looks up
// by the number only: a name that looks like one directs nothing (CVE-2016-3697). No allocation.
void find_home(uid_t uid, char* text, std::size_t size) noexcept;

}  // namespace plimsoll::runtime
