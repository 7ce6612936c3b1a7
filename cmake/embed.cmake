# cmake -DOUT=x.cc -DDIR=directory -DFILES="a.js;b.css" -P embed.cmake: makes of the files a source that has their
# bytes, for exporter/web/page_files.h.
set(arrays "")
set(entries "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ ${DIR}/${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kBytes${index}[] = {${bytes}};\n")
  string(APPEND entries "    {\"${file}\", {kBytes${index}, sizeof kBytes${index}}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT}
     "#include \"exporter/web/page_files.h\"\n\nnamespace plimsoll::exporter {\nnamespace {\n${arrays}constexpr PageFile kFiles[] = {\n${entries}};\n}  // namespace\n\nstd::span<const PageFile> page_files() { return kFiles; }\n\n}  // namespace plimsoll::exporter\n")
