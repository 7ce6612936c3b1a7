#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "http/authenticator.h"
#include "http/bcrypt.h"
#include "http/credentials.h"
#include "http/verdict_cache.h"

namespace plimsoll::http {
namespace {

// Of "fakepassword".
constexpr const char* kHash10 = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

TEST(BasicCredentials, Decodes) {
  const auto credentials = parse_basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->user, "Aladdin");
  EXPECT_EQ(credentials->password, "open sesame");
  EXPECT_TRUE(parse_basic("bAsIc YTo="));                     // The scheme in any case; "a:".
  EXPECT_EQ(parse_basic("Basic YTpiOmM=")->password, "b:c");  // The first colon counts.
  EXPECT_EQ(parse_basic("Basic Og==")->user, "");
}

TEST(BasicCredentials, RefusesTheRest) {
  for (const char* bad : {"", "Basic", "Basic ", "Bearer YTpi", "Basic YTpi YTpi", "Basic YTp",
                          "Basic YTpi=", "Basic Y=pi", "Basic ====", "Basic YWJj", "Basic YToA",
                          "Basic YT*i", "BasicYTpi"})
    EXPECT_FALSE(parse_basic(bad)) << bad;
}

TEST(Bcrypt, KnowsItsHashes) {
  EXPECT_EQ(bcrypt_cost(kHash10), 10U);
  EXPECT_EQ(bcrypt_cost(bcrypt_decoy(4)), 4U);
  EXPECT_EQ(bcrypt_cost(bcrypt_decoy(12)), 12U);
  EXPECT_EQ(bcrypt_cost(bcrypt_decoy(9)), 9U);
  const std::string hash = kHash10;
  for (const std::string& bad :
       {std::string(), std::string("secret"), hash.substr(1), hash + "x", hash.substr(0, 59),
        "$1" + hash.substr(2), "$2y$03" + hash.substr(6), "$2y$32" + hash.substr(6),
        "$2y$1x" + hash.substr(6), hash.substr(0, 59) + "!", std::string("$2"), std::string("$2$")})
    EXPECT_EQ(bcrypt_cost(bad), 0U) << bad;
}

TEST(Bcrypt, ComparesAllVariants) {
  Bcrypt bcrypt;
  for (const char* variant : {"$2a$", "$2b$", "$2y$"}) {
    const std::string hash = variant + std::string(kHash10).substr(4);
    EXPECT_TRUE(bcrypt.matches("fakepassword", hash)) << variant;
    EXPECT_FALSE(bcrypt.matches("fakepassworD", hash)) << variant;
  }
  EXPECT_FALSE(bcrypt.matches("", kHash10));
  EXPECT_FALSE(bcrypt.matches(std::string_view("fakepassword\0x", 14), kHash10));
  EXPECT_FALSE(bcrypt.matches("fakepassword", "fakepassword"));
  EXPECT_FALSE(bcrypt.matches("fakepassword", bcrypt_decoy(4)));
  EXPECT_FALSE(bcrypt.matches(std::string(1000, 'x'), bcrypt_decoy(4)));
}

VerdictCache small_cache(std::size_t right, std::size_t wrong) {
  auto cache = VerdictCache::create(right, wrong);
  EXPECT_TRUE(cache);
  return *std::move(cache);
}

TEST(VerdictCache, TextsAreNotMovedIntoEachOther) {
  const VerdictCache cache = small_cache(4, 4);
  EXPECT_EQ(cache.key("a", "b", "c"), cache.key("a", "b", "c"));
  EXPECT_NE(cache.key("ab", "", "c"), cache.key("a", "b", "c"));
  EXPECT_NE(cache.key("a", "bc", ""), cache.key("a", "b", "c"));
  EXPECT_NE(cache.key("a", "b", "c"), cache.key("c", "b", "a"));
}

TEST(VerdictCache, EveryProcessHasItsOwnKeys) {
  EXPECT_NE(small_cache(1, 1).key("a", "b", "c"), small_cache(1, 1).key("a", "b", "c"));
}

TEST(VerdictCache, WrongOnesPushNoRightOneOut) {
  VerdictCache cache = small_cache(2, 2);
  const auto right = cache.key("alice", "h", "p");
  cache.remember(right, true);
  for (int i = 0; i < 100; ++i) cache.remember(cache.key("x", "h", std::to_string(i)), false);
  EXPECT_EQ(cache.find(right), true);
  EXPECT_EQ(cache.find(cache.key("x", "h", "0")), std::nullopt);
  EXPECT_EQ(cache.find(cache.key("x", "h", "99")), false);
}

TEST(VerdictCache, KeepsWhatIsAskedFor) {
  VerdictCache cache = small_cache(2, 2);
  const auto a = cache.key("a", "", "");
  const auto b = cache.key("b", "", "");
  const auto c = cache.key("c", "", "");
  cache.remember(a, true);
  cache.remember(b, true);
  EXPECT_EQ(cache.find(a), true);
  cache.remember(c, true);
  EXPECT_EQ(cache.find(a), true);
  EXPECT_EQ(cache.find(b), std::nullopt);
}

struct Asker {
  std::unique_ptr<Authenticator> authenticator = *Authenticator::create();

  Authenticator::Answer answer(const Credentials& credentials) const {
    std::promise<Authenticator::Answer> told;
    authenticator->ask(credentials, [&](Authenticator::Answer answer) { told.set_value(answer); });
    return told.get_future().get();
  }
};

using Answer = Authenticator::Answer;

TEST(Authenticator, ComparesOnceAndRemembers) {
  const Asker asker;
  asker.authenticator->set_users({{"alice", kHash10}});
  const Credentials right{"alice", "fakepassword"};
  const Credentials wrong{"alice", "guess"};
  EXPECT_EQ(asker.authenticator->known(right), std::nullopt);
  EXPECT_EQ(asker.answer(right), Answer::kRight);
  EXPECT_EQ(asker.authenticator->known(right), true);
  EXPECT_EQ(asker.answer(wrong), Answer::kWrong);
  EXPECT_EQ(asker.authenticator->known(wrong), false);
  EXPECT_EQ(asker.authenticator->comparisons(), 2U);
}

// The attack of CVE-2022-46146: a wrong password made to look, to the cache, like a right one.
TEST(Authenticator, AHashIsNoPassword) {
  const Asker asker;
  asker.authenticator->set_users({{"alice", kHash10}});
  EXPECT_EQ(asker.answer({"alice", "fakepassword"}), Answer::kRight);
  EXPECT_EQ(asker.answer({"alice", kHash10}), Answer::kWrong);
  EXPECT_EQ(asker.answer({std::string("alice") + kHash10, "fakepassword"}), Answer::kWrong);
}

// "fakepassword" is the password of other programs' decoy.
TEST(Authenticator, AStrangerIsComparedAndRefused) {
  const Asker asker;
  asker.authenticator->set_users({{"alice", kHash10}});
  EXPECT_EQ(asker.answer({"mallory", "fakepassword"}), Answer::kWrong);
  EXPECT_EQ(asker.answer({"mallory", ""}), Answer::kWrong);
  EXPECT_EQ(asker.authenticator->comparisons(), 2U);
}

TEST(Authenticator, ChangedUsersAreNotRemembered) {
  const Asker asker;
  asker.authenticator->set_users({{"alice", kHash10}});
  EXPECT_EQ(asker.answer({"alice", "fakepassword"}), Answer::kRight);
  asker.authenticator->set_users({{"bob", kHash10}});
  EXPECT_NE(asker.authenticator->known({"alice", "fakepassword"}), true);
  EXPECT_EQ(asker.answer({"alice", "fakepassword"}), Answer::kWrong);
}

TEST(Authenticator, EqualQuestionsAreOneAndTooManyAreTold) {
  const Asker asker;
  asker.authenticator->set_users({{"alice", kHash10}, {"bob", bcrypt_decoy(4)}});
  constexpr int kSame = 50;
  constexpr int kDifferent = 200;
  std::atomic<int> right = 0;
  std::atomic<int> busy = 0;
  std::atomic<int> told = 0;
  for (int i = 0; i < kSame; ++i)
    asker.authenticator->ask({"alice", "fakepassword"}, [&](Answer answer) {
      right += answer == Answer::kRight ? 1 : 0;
      ++told;
    });
  for (int i = 0; i < kDifferent; ++i)
    asker.authenticator->ask({"bob", std::to_string(i)}, [&](Answer answer) {
      busy += answer == Answer::kTooBusy ? 1 : 0;
      ++told;
    });
  EXPECT_GE(busy, kDifferent - 80);
  while (told < kSame + kDifferent) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(right, kSame);
  EXPECT_LE(asker.authenticator->comparisons(), 80U);
}

}  // namespace
}  // namespace plimsoll::http
