#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_tree.h"
#include "base/text.h"
#include "control/audit/audit_log.h"
#include "control/store/dir_store.h"
#include "control/store/fake_store.h"

namespace plimsoll::control {
namespace {

using testing::HasSubstr;

const WallTime kNow{std::chrono::seconds(1'700'000'000)};

AuditRecord write_record(const std::string& new_text) {
  AuditRecord record;
  record.time = kNow;
  record.kind = AuditRecord::Kind::kWrite;
  record.uid = 1000;
  record.pid = 42;
  record.comm = "bash \"x\"\n";
  record.rule = "request";
  record.change = 9;
  record.cgroup = "/docker/a\\b";
  record.knob = "io.rbps";
  record.file = "io.max";
  record.key = "254:0";
  record.old_text = "";
  record.new_text = new_text;
  record.read_back = new_text;
  record.result = "done";
  return record;
}

std::unique_ptr<AuditLog> open_log(Store& store, const AuditOptions& options = {}) {
  auto log = AuditLog::open(store, kNow, options);
  EXPECT_TRUE(log) << log.error().message();
  return log ? *std::move(log) : nullptr;
}

void write_records(AuditLog& log, int count) {
  for (int i = 0; i < count; ++i) {
    const AuditRecord record = write_record(std::to_string(i));
    const auto written = log.append({&record, 1});
    ASSERT_TRUE(written) << written.error().message();
  }
}

std::string verdict(Store& store) {
  const auto span = verify_audit(store);
  return span ? std::to_string(span->records) + " good" : span.error().message();
}

// FIPS 180-2, appendix B.1.
TEST(Sha256, HasTheKnownValue) {
  EXPECT_EQ(sha256("abc").value_or("?"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(AuditLine, ComesBackAsItWasWritten) {
  AuditRecord record = write_record("rbps=1048576");
  record.seq = 7;
  record.detail = "tab\there";
  const auto line = write_line(record, no_digest());
  ASSERT_TRUE(line);
  const std::string_view text = std::string_view(line->text).substr(0, line->text.size() - 1);
  EXPECT_EQ(text.find('\n'), std::string_view::npos);
  const auto again = parse_line(text);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(*again == record);
  const auto shape = shape_of(text);
  ASSERT_TRUE(shape);
  EXPECT_EQ(shape->head, line->head);
  EXPECT_EQ(shape->before, no_digest());
}

TEST(AuditLine, NamesThatAreNoTextDoNotBreakIt) {
  AuditRecord record = write_record("1");
  record.seq = 1;
  record.cgroup = "/a\xff\x01\"";
  const auto line = write_line(record, no_digest());
  ASSERT_TRUE(line);
  const auto again = parse_line(line->text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->cgroup, "/a\xEF\xBF\xBD\x01\"");
}

TEST(AuditLine, NoPartOfOneIsARecord) {
  const auto line = write_line(write_record("1"), no_digest());
  ASSERT_TRUE(line);
  for (std::size_t size = 0; size + 1 < line->text.size(); ++size) {
    const auto shape = shape_of(std::string_view(line->text).substr(0, size));
    ASSERT_FALSE(shape) << size;
    EXPECT_EQ(shape.error().kind, ErrorKind::kMalformed);
  }
}

TEST(AuditLog, GoesOnWhereItEnded) {
  const TempTree tree;
  for (int i = 0; i < 3; ++i) {
    const auto store = DirStore::open(tree.path() + "/state");
    ASSERT_TRUE(store);
    write_records(*open_log(**store), 5);
  }
  const auto store = DirStore::open(tree.path() + "/state");
  ASSERT_TRUE(store);
  EXPECT_EQ(verdict(**store), "15 good");
  EXPECT_EQ(open_log(**store)->head().seq, 15U);
}

TEST(AuditLog, TheChainGoesThroughFullFiles) {
  FakeStore store;
  const AuditOptions options{.file_bytes = 1000, .most_files = 0};
  write_records(*open_log(store, options), 10);
  write_records(*open_log(store, options), 10);
  EXPECT_GT(audit_files(store)->size(), 5U);
  EXPECT_EQ(verdict(store), "20 good");
  store.files.erase(audit_files(store)->at(2));
  EXPECT_THAT(verdict(store), HasSubstr("some were removed or moved"));
}

TEST(AuditLog, TheOldestFilesMakeRoom) {
  FakeStore store;
  write_records(*open_log(store, {.file_bytes = 1000, .most_files = 3}), 40);
  const auto files = audit_files(store);
  ASSERT_TRUE(files);
  EXPECT_LE(files->size(), 4U);
  EXPECT_THAT(verdict(store), HasSubstr("good"));
  EXPECT_EQ(verify_audit(store)->head.seq, 40U);
}

TEST(AuditLog, AKillBetweenTwoFilesBreaksNothing) {
  FakeStore store;
  const AuditOptions options{.file_bytes = 1000, .most_files = 0};
  const auto log = open_log(store, options);
  write_records(*log, 3);
  store.before = [](FakeStore::Call call) {
    FakeStore::Fate fate;
    if (call == FakeStore::Call::kAppend) fate.killed_after = 0;
    return fate;
  };
  const AuditRecord record = write_record("x");
  EXPECT_THROW(std::ignore = log->append({&record, 1}), Killed);
  store.before = [](FakeStore::Call) { return FakeStore::Fate{}; };
  write_records(*open_log(store, options), 3);
  EXPECT_EQ(verdict(store), "6 good");
}

TEST(AuditLog, AHalfRecordIsCutOffAndSaid) {
  FakeStore store;
  write_records(*open_log(store), 2);
  const std::string whole = store.files["audit.log"];
  for (std::size_t cut = 1; cut < 300; cut += 7) {
    FakeStore torn;
    torn.files["audit.log"] = whole.substr(0, whole.size() - cut);
    const auto log = open_log(torn);
    EXPECT_GT(log->opening().torn_bytes, 0U);
    write_records(*log, 1);
    EXPECT_EQ(verdict(torn), "3 good") << cut;  // The first, the note, the new one.
    EXPECT_THAT(torn.files["audit.log"], HasSubstr("bytes of a half record"));
  }
}

TEST(AuditLog, StartsOnAFullDiskAndMendsItsEndLater) {
  FakeStore store;
  write_records(*open_log(store), 2);
  store.files["audit.log"].resize(store.files["audit.log"].size() - 5);
  store.before = [](FakeStore::Call) { return FakeStore::Fate{.os_error = ENOSPC}; };
  const auto log = open_log(store);
  ASSERT_NE(log, nullptr);
  const AuditRecord record = write_record("x");
  EXPECT_FALSE(log->append({&record, 1}));
  store.before = [](FakeStore::Call) { return FakeStore::Fate{}; };
  ASSERT_TRUE(log->append({&record, 1}));
  EXPECT_EQ(verdict(store), "3 good");
}

TEST(AuditLog, AFailedAppendLeavesNoGap) {
  FakeStore store;
  const auto log = open_log(store);
  write_records(*log, 1);
  store.before = [](FakeStore::Call) { return FakeStore::Fate{.os_error = ENOSPC}; };
  const AuditRecord record = write_record("x");
  ASSERT_FALSE(log->append({&record, 1}));
  store.before = [](FakeStore::Call) { return FakeStore::Fate{}; };
  write_records(*log, 1);
  EXPECT_EQ(verdict(store), "2 good");
}

// Any byte changed, any line removed, doubled or swapped is found, and named.
TEST(AuditChain, NamesTheFirstBrokenRecord) {
  FakeStore store;
  write_records(*open_log(store), 4);
  const std::string whole = store.files["audit.log"];
  std::vector<std::string> lines;
  std::string_view rest = whole;
  for (std::string_view line; next_line(rest, line);) lines.emplace_back(line);
  const std::size_t second = lines[0].size() + 1;
  for (std::size_t at = second; at < second + lines[1].size(); ++at) {
    std::string text = whole;
    text[at] = text[at] == 'x' ? 'y' : 'x';
    const auto part = check_chain(text, std::nullopt);
    ASSERT_FALSE(part) << at;
    EXPECT_THAT(part.error().message(), HasSubstr("line 2")) << at;
  }
  const auto verdict_of = [](std::initializer_list<std::string> some) {
    std::string text;
    for (const std::string& line : some) text += line + "\n";
    const auto part = check_chain(text, std::nullopt);
    return part ? "good" : part.error().subject;
  };
  EXPECT_EQ(verdict_of({lines[0], lines[1], lines[2]}), "good");
  EXPECT_THAT(verdict_of({lines[0], lines[2]}),
              HasSubstr("line 2, record 3 stands behind record 1"));
  EXPECT_THAT(verdict_of({lines[0], lines[0]}), HasSubstr("line 2, record 1 stands behind"));
  EXPECT_THAT(verdict_of({lines[1], lines[0]}), HasSubstr("line 2, record 1 stands behind"));
  EXPECT_THAT(verdict_of({lines[0], "rubbish"}), HasSubstr("line 2: is no record"));
}

TEST(AuditChain, ARecordOfAnotherLogDoesNotFit) {
  FakeStore one;
  FakeStore two;
  write_records(*open_log(one), 2);
  const auto other = open_log(two);
  const AuditRecord different = write_record("different");
  ASSERT_TRUE(other->append({&different, 1}));
  write_records(*other, 1);
  const std::string& text = one.files["audit.log"];
  const std::string& foreign = two.files["audit.log"];
  const auto part = check_chain(
      text.substr(0, text.find('\n') + 1) + foreign.substr(foreign.find('\n') + 1), std::nullopt);
  ASSERT_FALSE(part);
  EXPECT_THAT(part.error().subject, HasSubstr("does not follow"));
}

TEST(AuditLog, LinesThatAreNoRecordsStayAndAreSaid) {
  FakeStore store;
  write_records(*open_log(store), 2);
  store.files["audit.log"] += "rubbish\n";
  const auto log = open_log(store);
  EXPECT_EQ(log->opening().unreadable, 1U);
  EXPECT_EQ(log->head().seq, 3U);
  EXPECT_THAT(verdict(store), HasSubstr("audit.log: line 3: is no record: rubbish"));
}

}  // namespace
}  // namespace plimsoll::control
