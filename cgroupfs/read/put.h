// Building blocks of the file tables: from a parser and a field, or a setter, to the Put and Drop
// of a row.
#pragma once

#include <optional>

#include "cgroupfs/parse/lines.h"
#include "cgroupfs/read/file_spec.h"

namespace plimsoll::cgroupfs {

inline void set_or_unset(CgroupSample& sample, Field field, std::optional<std::uint64_t> value) {
  if (value)
    sample.set(field, *value);
  else
    sample.unset(field);
}

template <Field... kField>
void drop(CgroupSample& sample) {
  (sample.unset(kField), ...);
}

// A file of one value: a number or a Limit.
template <auto kParse, Field kField>
Result<> put_value(std::string_view text, const PutContext&, CgroupSample& sample) {
  sample.set(kField, PLIMSOLL_TRY(kParse(text)));
  return {};
}

// A file that a parser turns into a struct of optionals. One that is not empty and yet has no key
// that we know is some other file.
template <auto kParse, auto kSet>
Result<> put_parsed(std::string_view text, const PutContext& context, CgroupSample& sample) {
  const auto parsed = PLIMSOLL_TRY(kParse(text));
  if (parsed == std::remove_cv_t<decltype(parsed)>{} && !text.empty())
    return malformed(first_line(text));
  kSet(parsed, context, sample);
  return {};
}

template <class T, auto kSet>
void drop_parsed(CgroupSample& sample) {
  kSet(T{}, PutContext{}, sample);
}

}  // namespace plimsoll::cgroupfs
