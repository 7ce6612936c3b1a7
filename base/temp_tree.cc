#include "base/temp_tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace plimsoll {

namespace fs = std::filesystem;

TempTree::TempTree(std::initializer_list<TempFile> files) {
  std::string pattern = (fs::temp_directory_path() / "plimsoll-test-XXXXXX").string();
  PLIMSOLL_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
  for (const auto& [name, text] : files) write(name, text);
}

TempTree::~TempTree() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TempTree::write(const std::string& name, const std::string& text) const {
  const fs::path target = fs::path(path_) / name;
  if (name.ends_with('/')) {
    fs::create_directories(target);
    return;
  }
  fs::create_directories(target.parent_path());
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  out << text;
  PLIMSOLL_CHECK(out.good());
}

void TempTree::remove(const std::string& name) const {
  fs::remove_all(fs::path(path_) / name);
}

}  // namespace plimsoll
