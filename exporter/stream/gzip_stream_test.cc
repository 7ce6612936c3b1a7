#include "exporter/stream/gzip_stream.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <random>
#include <vector>

#include "exporter/stream/hub_fixture.h"

namespace plimsoll::exporter {
namespace {

// A client: reads what it was sent so far.
class Reader {
 public:
  Reader() { EXPECT_EQ(::inflateInit2(&stream_, 15 + 16), Z_OK); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { ::inflateEnd(&stream_); }

  std::string read(const std::string& bytes) {
    std::string text;
    std::string in = bytes;
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    std::array<char, 4096> out{};
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out.data());
      stream_.avail_out = out.size();
      state_ = ::inflate(&stream_, Z_SYNC_FLUSH);
      text.append(out.data(), out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0 && state_ == Z_OK);
    return text;
  }
  // Head, parts and trailer are those of one gzip file.
  [[nodiscard]] bool ended() const { return state_ == Z_STREAM_END; }

 private:
  z_stream stream_{};
  int state_ = Z_OK;
};

// Everything that a client of the hub was sent, as one file that is whole.
std::string read(const FakeStream& stream) {
  Reader reader;
  std::string text;
  for (const auto& bytes : stream.frames) text += reader.read(*bytes);
  EXPECT_TRUE(reader.ended());
  return text;
}

std::string frame(std::size_t containers) {
  std::string text = R"({"containers":[)";
  for (std::size_t i = 0; i < containers; ++i)
    text += R"({"name":"web-)" + std::to_string(i) + R"(","cpu":{"usage":)" +
            std::to_string(i * 7919) + "}},";
  return text + "]}\n";
}

std::string noise(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(random()));
  return text;
}

TEST(GzipStream, EachPartIsReadableWhenItIsThere) {
  PartDeflater deflater;
  Reader reader;
  GzipStreamEnd end;
  EXPECT_EQ(reader.read(*gzip_stream_head()), "");
  for (const std::size_t containers : {0U, 1U, 300U, 3000U, 2U}) {
    const std::string text = frame(containers);
    const StreamPart part = deflater.deflate(text);
    EXPECT_EQ(reader.read(*part.bytes), text);
    end.add(part);
  }
  EXPECT_FALSE(reader.ended());
  EXPECT_EQ(reader.read(*end.bytes()), "");
  EXPECT_TRUE(reader.ended()) << "its checksum and length are right";
}

TEST(GzipStream, PartsStandInAnyOrder) {
  PartDeflater deflater;
  const std::vector<StreamPart> parts = {deflater.deflate(frame(50)), stored_part("alone\n"),
                                         deflater.deflate(frame(50)), deflater.deflate(frame(49))};
  for (const std::vector<std::size_t>& order :
       std::vector<std::vector<std::size_t>>{{3, 1}, {2, 2, 0}, {1}, {1, 0, 3, 1}}) {
    Reader reader;
    GzipStreamEnd end;
    reader.read(*gzip_stream_head());
    for (const std::size_t i : order) {
      EXPECT_EQ(reader.read(*parts[i].bytes).size(), parts[i].size);
      end.add(parts[i]);
    }
    reader.read(*end.bytes());
    EXPECT_TRUE(reader.ended());
  }
}

TEST(GzipStream, FramesBecomeMuchSmaller) {
  const std::string text = frame(1000);
  EXPECT_LT(PartDeflater().deflate(text).bytes->size(), text.size() / 5);
}

TEST(GzipStream, WhatCannotBeCompressedArrivesAllTheSame) {
  PartDeflater deflater;
  // About the sizes at which the room for the compressed text grows, and at which a block is full.
  for (const std::size_t size : {1U, 4080U, 4085U, 4086U, 4087U, 4091U, 4096U, 32'768U, 65'534U,
                                 65'535U, 65'536U, 200'000U}) {
    const std::string text = noise(size);
    for (const StreamPart& part : {deflater.deflate(text), stored_part(text)}) {
      Reader reader;
      GzipStreamEnd end;
      end.add(part);
      EXPECT_EQ(reader.read(*gzip_stream_head() + *part.bytes + *end.bytes()), text) << size;
      EXPECT_TRUE(reader.ended()) << size;
    }
  }
}

TEST(GzipStream, NothingMakesAnEmptyFile) {
  Reader reader;
  EXPECT_EQ(reader.read(*gzip_stream_head() + *stored_part("").bytes + *GzipStreamEnd().bytes()),
            "");
  EXPECT_TRUE(reader.ended());
}

TEST(GzipStream, OfTheHubIsCompressedOnceAndEndsWellFormed) {
  StreamHub hub(nullptr, std::chrono::seconds(1));
  const auto plain = std::make_shared<FakeStream>();
  const auto early = std::make_shared<FakeStream>();
  const auto late = std::make_shared<FakeStream>();
  StreamQuery query = query_for({});
  hub.add(plain, query, snapshot(1, {"web"}));
  query.gzip = true;
  hub.add(early, query, snapshot(1, {"web"}));
  hub.publish(snapshot(2, {"web"}));
  hub.add(late, query, snapshot(2, {"web"}));
  late->queued = StreamHub::kMaxPending + 1;
  hub.publish(snapshot(3, {"web"}));
  late->queued = 0;
  hub.publish(snapshot(4, {"web"}));
  EXPECT_EQ(hub.stats().formatted, 8U) << "for each tick one of either";
  EXPECT_EQ(late->frames.back().get(), early->frames.back().get());
  hub.finish_all();
  std::string all;
  for (const auto& frame : plain->frames) all += *frame;
  EXPECT_EQ(read(*early), all);
  EXPECT_EQ(read(*late), *plain->frames[1] + "{\"skipped\":1}\n" + *plain->frames[3]);
}

}  // namespace
}  // namespace plimsoll::exporter
