// Small operations on directories that are ours alone: nothing in them is followed that is a link.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace plimsoll::image {

// A directory below `parent`, made if it is missing; its permissions are `mode` either way.
[[nodiscard]] Result<DirFd> make_dir_at(const DirFd& parent, const std::string& name,
                                        unsigned mode = 0700);
[[nodiscard]] Result<> write_all(const Fd& file, std::string_view bytes);
// The file is the old one or the new one, whatever happens; the new one survives a power cut.
[[nodiscard]] Result<> replace_file(const DirFd& directory, const std::string& name,
                                    std::string_view text);
// A file that was not there: fsynced, the directory not.
[[nodiscard]] Result<> write_new(const DirFd& directory, const std::string& name,
                                 std::string_view text);
// A whole file, from its beginning; more than 8 MiB are kRejected, and so is what is no file.
[[nodiscard]] Result<std::string> read_document(const Fd& file);
// Sorted, without "." and "..".
[[nodiscard]] Result<std::vector<std::string>> names_in(const DirFd& directory);
[[nodiscard]] bool exists_at(const DirFd& directory, const std::string& name);
// With everything in it, however deep, but never across a mount (kBusy): what is mounted there is
// somebody's. Postcondition: the name is free. Done again, it is done.
[[nodiscard]] Result<> remove_tree(const DirFd& parent, const std::string& name);
// The end of a symlink.
[[nodiscard]] Result<std::string> read_link(const DirFd& directory, const std::string& name);
[[nodiscard]] Result<std::string> path_of(const DirFd& directory);
// For *at calls that need a descriptor they can read: entries, fsync.
[[nodiscard]] Result<DirFd> reopen(const DirFd& directory);
[[nodiscard]] Result<> sync(const DirFd& directory);

}  // namespace plimsoll::image
