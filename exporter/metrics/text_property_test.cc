// Whatever a snapshot holds, the exposition is well formed and has every series once.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "base/temp_tree.h"
#include "exporter/metrics/page_writer.h"
#include "exporter/metrics/test_exposition.h"
#include "exporter/metrics/test_protobuf.h"
#include "exporter/metrics/test_snapshot.h"
#include "exporter/metrics/text.h"

namespace plimsoll::exporter {
namespace {

using cgroupfs::Field;
using Number = std::optional<std::uint64_t>;

std::string hostile() {
  return *rc::gen::oneOf(
      rc::gen::arbitrary<std::string>(),
      rc::gen::element<std::string>("x\"} 1\nevil{a=\"b", "\\", "\"", "\n", "\xff", "\xfe", "a",
                                    "\xEF\xBF\xBD", "eth0"));
}

Number maybe() {
  return *rc::gen::oneOf(
      rc::gen::just(Number()),
      rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t n) { return Number(n); }));
}

void set_fields(SampleRow& row) {
  for (std::size_t f = 0; f < cgroupfs::kFieldCount; ++f) {
    const auto field = static_cast<Field>(f);
    const Number value = maybe();
    if (value)
      row.sample.set(field, *value);
    else if (cgroupfs::info(field).kind == cgroupfs::Kind::kLimit && *rc::gen::arbitrary<bool>())
      row.sample.set(field, Limit<std::uint64_t>::none());
  }
}

// Names differ, as the kernel sees to: of cgroups, of a cgroup's devices, of a namespace's links.
template <class Make>
void fill(Make make) {
  std::set<std::string> names;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    const std::string name = hostile();
    if (names.insert(name).second) make(name);
  }
}

SampleRow random_row(const std::string& path) {
  SampleRow row;
  row.identity.cgroup = path;
  row.identity.runtime =
      *rc::gen::element(inventory::Runtime::kDocker, inventory::Runtime::kCgroup);
  row.identity.name = hostile();
  row.identity.image = hostile();
  row.identity.pod_name = hostile();
  fill([&](const std::string& name) { row.identity.labels.emplace_back(name, hostile()); });
  set_fields(row);
  fill([&](const std::string& name) {
    row.interfaces.push_back({.name = name, .rx_bytes = 1, .rx_errors = maybe()});
  });
  std::uint32_t minor = 0;
  fill([&](const std::string&) {
    cgroupfs::DeviceIo io;
    io.major = 254;
    io.minor = minor++;
    io.read_bytes = maybe();
    io.reads = maybe();
    io.read_time_ns = maybe();
    row.sample.devices.push_back(io);
  });
  std::set<std::string> devices{"/dev/vda1", "/dev/vda1"};
  fill([&](const std::string& name) { devices.insert(name); });
  for (const std::string& name : devices) {
    FilesystemUsage fs;
    fs.device = name;
    fs.limit_bytes = 1;
    fs.reads = maybe();
    fs.read_time_ns = maybe();
    row.filesystems.push_back(fs);
  }
  return row;
}

// Names with their labels; the bounds of buckets are spelt differently.
std::multiset<std::pair<std::string, std::map<std::string, std::string>>> series(
    const Exposition& page) {
  std::multiset<std::pair<std::string, std::map<std::string, std::string>>> all;
  for (const auto& [name, family] : page.families)
    for (const ParsedSample& sample : family.samples) {
      auto labels = sample.labels;
      labels.erase("le");
      all.emplace(sample.name, std::move(labels));
    }
  return all;
}

RC_GTEST_PROP(Exposition, IsWellFormedWithoutDuplicates, ()) {
  std::vector<SampleRow> rows;
  std::set<std::string> alive;
  fill([&](const std::string& name) {
    alive.insert("/" + name);
    rows.push_back(random_row("/" + name));
  });
  const auto snapshot = make_snapshot(std::move(rows));
  std::set<std::string> seen = alive;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    auto identity = std::make_shared<inventory::Identity>();
    identity->cgroup = "/" + hostile();
    seen.insert(identity->cgroup);
    std::uint64_t collisions = 0;
    snapshot->tombstones.push_back(
        {identity, std::make_shared<std::string>(render_labels(*identity, {}, collisions)),
         *rc::gen::arbitrary<std::int64_t>()});
  }
  const TempTree tree;
  const auto proc = open_dir(tree.path().c_str());
  std::string out;
  write_text(out, *snapshot, sample_self(), *proc, {.groups = cgroupfs::GroupSet::all()});

  const Exposition text = parse_exposition(out);
  RC_ASSERT(text.errors == std::vector<std::string>());
  RC_ASSERT(text.series("container_last_seen") == seen.size());
  RC_ASSERT(text.series("container_creation_time_seconds") == alive.size());
  RC_ASSERT(!text.families.contains("evil"));

  // The other formats have the same series.
  std::string bytes;
  PageWriter().write(bytes, Format::kProtobuf, {*snapshot, sample_self(), *proc},
                     {.groups = cgroupfs::GroupSet::all()});
  const Exposition binary = parse_protobuf(bytes);
  RC_ASSERT(binary.errors == std::vector<std::string>());
  RC_ASSERT(series(binary) == series(text));
}

}  // namespace
}  // namespace plimsoll::exporter
