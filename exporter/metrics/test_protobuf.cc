#include "exporter/metrics/test_protobuf.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>

#include "base/text.h"

namespace plimsoll::exporter {

namespace {

struct Field {
  std::uint64_t number = 0;
  std::uint64_t wire = 0;    // 0 varint, 1 double, 2 bytes.
  std::uint64_t varint = 0;  // Or the bits of the double.
  std::string_view bytes;
  [[nodiscard]] double real() const { return std::bit_cast<double>(varint); }
  [[nodiscard]] std::int64_t signed_varint() const {
    return static_cast<std::int64_t>(varint >> 1U) ^ -static_cast<std::int64_t>(varint & 1U);
  }
};

std::string number_text(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

class Decoder {
 public:
  Exposition decode(std::string_view bytes) {
    while (!bytes.empty() && result_.errors.empty()) {
      const std::uint64_t size = take_varint(bytes);
      if (size > bytes.size()) {
        fail("family beyond the end");
        break;
      }
      family(bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    return std::move(result_);
  }

 private:
  void fail(std::string what) { result_.errors.push_back(std::move(what)); }

  std::uint64_t take_varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    fail("varint");
    return 0;
  }

  void each_field(std::string_view bytes, const std::function<void(const Field&)>& handle) {
    while (!bytes.empty() && result_.errors.empty()) {
      Field field;
      const std::uint64_t tag = take_varint(bytes);
      field.number = tag >> 3U;
      field.wire = tag & 7U;
      if (field.wire == 0) {
        field.varint = take_varint(bytes);
      } else if (field.wire == 1 && bytes.size() >= 8) {
        std::memcpy(&field.varint, bytes.data(), 8);
        bytes.remove_prefix(8);
      } else if (field.wire == 2) {
        const std::uint64_t size = take_varint(bytes);
        if (size > bytes.size()) return fail("length beyond the message");
        field.bytes = bytes.substr(0, size);
        bytes.remove_prefix(size);
      } else {
        return fail("wire type " + std::to_string(field.wire));
      }
      handle(field);
    }
  }

  void family(std::string_view bytes) {
    std::string name;
    std::uint64_t type = 99;
    each_field(bytes, [&](const Field& field) {
      if (field.number == 1) {
        name = field.bytes;
        if (!result_.families.try_emplace(name).second) fail("family twice: " + name);
      } else if (field.number == 2) {
        result_.families[name].help = field.bytes;
      } else if (field.number == 3) {
        type = field.varint;
        result_.families[name].type = type == 0   ? "counter"
                                      : type == 1 ? "gauge"
                                      : type == 4 ? "histogram"
                                                  : "?";
      } else if (field.number == 4) {
        metric(name, type, field.bytes);
      } else if (field.number != 5) {
        fail("field of MetricFamily: " + std::to_string(field.number));
      }
    });
    if (result_.families[name].samples.empty()) fail("family without samples: " + name);
  }

  void metric(const std::string& name, std::uint64_t type, std::string_view bytes) {
    std::map<std::string, std::string> labels;
    std::string_view value;
    std::uint64_t value_field = 0;
    each_field(bytes, [&](const Field& field) {
      if (field.number == 1) {
        std::string key;
        each_field(field.bytes, [&](const Field& part) {
          if (part.number == 1) key = part.bytes;
          if (part.number != 2) return;
          if (!is_valid_utf8(part.bytes)) fail("not UTF-8: " + key);
          if (!labels.emplace(key, part.bytes).second) fail("label twice: " + key);
        });
      } else if (field.number == 2 || field.number == 3 || field.number == 7) {
        value = field.bytes;
        value_field = field.number;
      } else if (field.number != 6) {
        fail("field of Metric: " + std::to_string(field.number));
      }
    });
    const std::uint64_t wanted = type == 0 ? 3 : type == 1 ? 2 : 7;
    if (value_field != wanted) return fail("value of another type: " + name);
    if (wanted == 7) return histogram(name, labels, value);
    each_field(value, [&](const Field& field) {
      if (field.number == 1) add(name, name, labels, field.real());
    });
  }

  void histogram(const std::string& name, const std::map<std::string, std::string>& labels,
                 std::string_view bytes) {
    std::uint64_t count = 0;
    std::uint64_t zero = 0;
    bool native = false;
    std::uint64_t in_spans = 0;
    std::vector<std::int64_t> deltas;
    each_field(bytes, [&](const Field& field) {
      switch (field.number) {
        case 1:
          count = field.varint;
          break;
        case 2:
          add(name, name + "_sum", labels, field.real());
          break;
        case 3:
          bucket(name, labels, field.bytes);
          break;
        case 5:
          native = true;
          break;
        case 7:
          zero = field.varint;
          break;
        case 12:
          each_field(field.bytes, [&](const Field& part) {
            if (part.number == 2) in_spans += part.varint;
          });
          break;
        case 13:
          deltas.push_back(field.signed_varint());
          break;
        default:
          break;
      }
    });
    add(name, name + "_count", labels, static_cast<double>(count));
    auto with_bound = labels;
    with_bound["le"] = "+Inf";
    add(name, name + "_bucket", with_bound, static_cast<double>(count));
    if (!native) return;
    std::int64_t in_bucket = 0;
    std::int64_t sum = static_cast<std::int64_t>(zero);
    for (const std::int64_t delta : deltas) sum += in_bucket += delta;
    if (sum != static_cast<std::int64_t>(count)) fail("native buckets and count differ: " + name);
    if (in_spans != deltas.size()) fail("spans and deltas differ: " + name);
  }

  void bucket(const std::string& name, std::map<std::string, std::string> labels,
              std::string_view bytes) {
    double count = 0;
    each_field(bytes, [&](const Field& field) {
      if (field.number == 1) count = static_cast<double>(field.varint);
      if (field.number == 2) labels["le"] = number_text(field.real());
    });
    add(name, name + "_bucket", labels, count);
  }

  void add(const std::string& family, const std::string& name,
           const std::map<std::string, std::string>& labels, double value) {
    if (!series_.insert({name, labels}).second) fail("series twice: " + name);
    result_.families[family].samples.push_back({name, labels, number_text(value)});
  }

  Exposition result_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
};

}  // namespace

Exposition parse_protobuf(std::string_view bytes) {
  return Decoder().decode(bytes);
}

}  // namespace plimsoll::exporter
