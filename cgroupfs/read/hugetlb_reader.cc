#include "cgroupfs/read/hugetlb_reader.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "cgroupfs/parse/hugetlb.h"
#include "cgroupfs/parse/single.h"

namespace plimsoll::cgroupfs {

namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// What `parse` makes of the file; nothing when the kernel does not have it.
template <class Parse>
auto read_file(const DirFd& group, const std::string& name, RecordBuffer& buffer, Parse parse)
    -> Result<std::optional<typename decltype(parse(std::string_view()))::value_type>> {
  const Result<Fd> fd = open_at(group, name.c_str(), O_RDONLY);
  if (!fd && fd.error().kind == ErrorKind::kNotOffered) return std::nullopt;
  if (!fd) return std::unexpected(fd.error());
  const std::string_view text = PLIMSOLL_TRY(buffer.read(*fd, Records::kOne, name));
  return PLIMSOLL_TRY(in(name, parse(text)));
}

}  // namespace

Result<> HugetlbReader::learn(const DirFd& group) {
  Fd fd = PLIMSOLL_TRY(open_at(group, ".", O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(fd.get()));
  if (!dir) return os_failure("fdopendir", "hugetlb");
  (void)fd.release();  // The stream closes it.
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name(entry->d_name);
    const auto page_size = hugetlb_page_size(name);
    if (!page_size) continue;
    const auto known = std::ranges::find(sizes_, *page_size, &PageSize::name);
    PageSize& size = known != sizes_.end()
                         ? *known
                         : sizes_.emplace_back(PageSize{std::string(*page_size), false});
    size.rsvd = size.rsvd || name.find(".rsvd.") != std::string_view::npos;
  }
  std::ranges::sort(sizes_, {}, &PageSize::name);
  return {};
}

Result<HugetlbUsage> HugetlbReader::read_one(const DirFd& group, const PageSize& size,
                                             RecordBuffer& buffer) const {
  HugetlbUsage usage;
  usage.page_size = size.name;
  const std::string plain = "hugetlb." + size.name;
  const std::string prefix = size.rsvd ? plain + ".rsvd" : plain;
  if (version_ == 1) {
    usage.usage_bytes =
        PLIMSOLL_TRY(read_file(group, prefix + ".usage_in_bytes", buffer, parse_number));
    usage.peak_bytes =
        PLIMSOLL_TRY(read_file(group, prefix + ".max_usage_in_bytes", buffer, parse_number));
    usage.failcnt = PLIMSOLL_TRY(read_file(group, prefix + ".failcnt", buffer, parse_number));
    usage.limit_bytes =
        PLIMSOLL_TRY(read_file(group, prefix + ".limit_in_bytes", buffer, parse_v1_bytes_limit));
    return usage;
  }
  usage.usage_bytes = PLIMSOLL_TRY(read_file(group, prefix + ".current", buffer, parse_number));
  const auto events =
      PLIMSOLL_TRY(read_file(group, plain + ".events", buffer, parse_hugetlb_events));
  if (events) usage.failcnt = events->max;
  usage.limit_bytes = PLIMSOLL_TRY(read_file(group, prefix + ".max", buffer, parse_limit));
  return usage;
}

Result<> HugetlbReader::read(const DirFd& group, RecordBuffer& buffer, CgroupSample& sample) {
  sample.hugetlb.clear();
  if (sizes_.empty()) PLIMSOLL_TRY(learn(group));
  for (const PageSize& size : sizes_) {
    HugetlbUsage usage = PLIMSOLL_TRY(read_one(group, size, buffer));
    // The v2 root has no hugetlb files.
    if (usage.usage_bytes) sample.hugetlb.push_back(std::move(usage));
  }
  return {};
}

}  // namespace plimsoll::cgroupfs
