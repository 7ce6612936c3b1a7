// Network namespaces with a path: a file that a namespace is mounted on, as `ip netns` has them.
//
// The work inside is done by a thread that ends with it: namespaces of threads are never changed
// back. Thread: any.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"

namespace plimsoll::net {

struct NetnsPaths {
  std::string proc;  // Where proc(5) is mounted.
  std::string path;  // The file; its directory exists.
};

// A namespace with a loopback that is up, Docker's two sysctls, and no IPv6 for links to come.
// Done again, it is done.
[[nodiscard]] Result<> make_netns(const NetnsPaths& paths);
// Postcondition: neither the file nor the mount is there. What still runs in it keeps it.
[[nodiscard]] Result<> remove_netns(const std::string& path);
[[nodiscard]] Result<Fd> open_netns(const std::string& path);
// Runs `work` in a thread that has moved there.
[[nodiscard]] Result<> in_netns(const Fd& netns, const std::function<Result<>()>& work);

// /proc/sys/net/<name> of the calling thread's namespace.
[[nodiscard]] Result<> write_sysctl(const std::string& proc, const std::string& name,
                                    std::string_view value);

}  // namespace plimsoll::net
