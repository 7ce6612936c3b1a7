#include "runtime/state/record.h"

#include <gtest/gtest.h>

#include <string>

namespace plimsoll::state {
namespace {

Record full() {
  return {
      .id = "c1",
      .bundle = "/srv/b \"x\"\n",
      .rootfs = "/srv/b/rootfs",
      .oci_version = "1.3.0",
      .created = 1'700'000'000'123'456'789,
      .owner = 1000,
      .init = {.pid = 4711, .start_ticks = 18446744073709551615ULL},
      .cgroups = {.manager = "systemd",
                  .unit = "docker-c1.scope",
                  .group = "/system.slice/docker-c1.scope",
                  .places = {{"cpu,cpuacct", "/sys/fs/cgroup/cpu/a"}, {"", "/sys/fs/cgroup/a"}}},
      .namespaces = {{"network", "/run/netns/x"}, {"mount", "/proc/4711/ns/mnt"}},
      .external_descriptors = {"/dev/null", "pipe:[7]", "pipe:[8]"},
      .annotations = {{"org.example/a", "\u00e9"}, {"b", ""}}};
}

std::string changed(const std::string& from, const std::string& to) {
  std::string text = encode(full());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(StateRecord, ReadsBack) {
  for (const Record& record : {Record{}, full()}) {
    const auto again = decode_record(encode(record));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(*again, record);
  }
}

TEST(StateRecord, SkipsWhatALaterVersionAdded) {
  const auto record = decode_record(changed("{\"id\"", "{\"later\": [1], \"id\""));
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(*record, full());
}

TEST(StateRecord, NamesWhatIsWrong) {
  const auto subject = [](const std::string& text) { return decode_record(text).error().subject; };
  EXPECT_EQ(subject(changed("\"bundle\"", "\"bundel\"")), "the record's bundle: is missing");
  EXPECT_EQ(subject(changed("4711,", "-1,")), "the record's pid: is out of range");
  EXPECT_EQ(subject(changed("4711,", "99999999999,")), "the record's pid: is out of range");
  EXPECT_EQ(subject(changed("4711,", "\"4711\",")), "the record's pid: must be a number");
  EXPECT_EQ(subject(changed("\"pipe:[7]\"", "7")),
            "the record's externalDescriptors: must be strings");
  EXPECT_EQ(subject("[]"), "the record's id: is missing");
  EXPECT_EQ(subject("{"), "line 1, column 2: expected a property's name in quotes");
}

}  // namespace
}  // namespace plimsoll::state
