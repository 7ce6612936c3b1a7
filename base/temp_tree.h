// For tests: a directory tree made from a literal, removed at the end.
//   TempTree tree{{"a/memory.max", "max\n"}, {"a/b/", ""}};   // a name ending in '/' is a
//   directory
#pragma once

#include <initializer_list>
#include <string>

namespace plimsoll {

struct TempFile {
  std::string name;
  std::string text;
};

class TempTree {
 public:
  TempTree() : TempTree(std::initializer_list<TempFile>{}) {}
  TempTree(std::initializer_list<TempFile> files);
  ~TempTree();
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // Creates or replaces the content of one file (parents are made).
  void write(const std::string& name, const std::string& text) const;
  // Removes a file or a whole directory.
  void remove(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace plimsoll
