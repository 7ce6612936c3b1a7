// Limits of processes by their names in config.json and features.
#pragma once

#include <sys/resource.h>

#include "runtime/spec/node.h"

namespace plimsoll::spec {

// Numbers stand where glibc names a limit only with GNU extensions.
inline constexpr Word<int> kRlimitNames[] = {{"RLIMIT_AS", RLIMIT_AS},
                                             {"RLIMIT_CORE", RLIMIT_CORE},
                                             {"RLIMIT_CPU", RLIMIT_CPU},
                                             {"RLIMIT_DATA", RLIMIT_DATA},
                                             {"RLIMIT_FSIZE", RLIMIT_FSIZE},
                                             {"RLIMIT_LOCKS", 10},
                                             {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
                                             {"RLIMIT_MSGQUEUE", 12},
                                             {"RLIMIT_NICE", 13},
                                             {"RLIMIT_NOFILE", RLIMIT_NOFILE},
                                             {"RLIMIT_NPROC", RLIMIT_NPROC},
                                             {"RLIMIT_RSS", RLIMIT_RSS},
                                             {"RLIMIT_RTPRIO", 14},
                                             {"RLIMIT_RTTIME", 15},
                                             {"RLIMIT_SIGPENDING", 11},
                                             {"RLIMIT_STACK", RLIMIT_STACK}};

}  // namespace plimsoll::spec
