// The audit log: every write to a control file, for good, one line each, chained by hashes.
//
// Files in its store: "audit.log", and "audit-<number of its first record>.log" for the full ones.
// The chain goes on from file to file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "control/audit/chain.h"
#include "control/store/store.h"

namespace plimsoll::control {

struct AuditOptions {
  std::uint64_t file_bytes = std::uint64_t{16} << 20;  // A new file afterwards.
  std::size_t most_files = 64;  // Full ones; the oldest are removed. 0: all are kept.
};

struct AuditOpening {
  std::size_t torn_bytes = 0;  // Of a half record at the end, as a kill leaves it: cut off.
  std::size_t unreadable = 0;  // Lines at the end that are no records; they stay.
};

// Safe from every thread.
class AuditLog {
 public:
  // `store` must outlive it. What was found wrong with the end is the first record written.
  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(Store& store, WallTime now,
                                                              const AuditOptions& options = {});

  [[nodiscard]] const AuditOpening& opening() const { return opening_; }

  // Gives the records their numbers. All of them, or none.
  [[nodiscard]] Result<> append(std::span<const AuditRecord> records);
  // To the medium. A kill loses nothing without it.
  [[nodiscard]] Result<> sync();
  // The newest record, to be kept elsewhere.
  [[nodiscard]] AuditHead head() const;

 private:
  AuditLog(Store& store, const AuditOptions& options) : store_(store), options_(options) {}
  Result<> load();
  void tell(WallTime now);
  Result<> cut_torn_end();
  Result<> change_file();

  Store& store_;
  AuditOptions options_;
  AuditOpening opening_;
  mutable std::mutex mutex_;
  AuditHead head_{0, no_digest()};
  std::uint64_t first_ = 0;         // Number of the first record in "audit.log".
  std::uint64_t size_ = 0;          // Of its whole lines.
  std::size_t torn_bytes_ = 0;      // Behind them, not cut off yet.
  std::vector<AuditRecord> notes_;  // To be written first.
};

// The audit files of a store, oldest first.
[[nodiscard]] Result<std::vector<std::string>> audit_files(Store& store);

struct AuditSpan {
  std::size_t files = 0;
  std::size_t records = 0;
  AuditHead head;
};
// Every record of every file. kMalformed: names the file and the first broken record.
[[nodiscard]] Result<AuditSpan> verify_audit(Store& store);

}  // namespace plimsoll::control
