#include "runtime/docker/api.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "base/temp_tree.h"
#include "http/test_support.h"
#include "runtime/docker/progress.h"

namespace plimsoll::docker {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The API alone; what is behind it is of the test.
class ApiServer {
 public:
  explicit ApiServer(const std::function<void(Api&)>& add, Access access = Access::kFull)
      : server_({}, [&](http::Server& server) {
          api_ = std::make_unique<Api>(
              server, ApiOptions{.spool_dir = tree_.path(),
                                 .most_archive = 100,
                                 .access = [access](const http::Request&) { return access; }});
          add(*api_);
        }) {}
  ~ApiServer() {
    server_.stop();
    api_->stop();
  }
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  std::string ask(const std::string& method, const std::string& target,
                  const std::string& body = {}) {
    return http::testing::ask(server_.address(),
                              method + " " + target +
                                  " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
                                  std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  Api& api() { return *api_; }

 private:
  TempTree tree_;
  std::unique_ptr<Api> api_;
  http::testing::RunningServer server_;
};

TEST(DockerApi, HandsPathQueryAndBodyToTheHandler) {
  ApiServer server([](Api& api) {
    api.add(Method::kPost, "/images/{name}/tag", [](const CallPtr& call) {
      call->respond(201, "\"" + call->parameter() + "|" + call->query("repo") + "|" + call->body() +
                             "|" + (call->flag("force") ? "yes" : "no") + "|" +
                             to_text(call->version()) + "\"");
    });
  });
  EXPECT_THAT(server.ask("POST", "/v1.41/images/a/b:c/tag?repo=x&force=True", "text"),
              AllOf(StartsWith("HTTP/1.1 201 Created\r\n"), HasSubstr("\r\nApi-Version: 1.44\r\n"),
                    HasSubstr("\r\nDocker-Experimental: false\r\nOstype: linux\r\n"),
                    HasSubstr("\r\nServer: Plimsoll/"), Not(HasSubstr("Server: plimsoll")),
                    HasSubstr("\r\nContent-Type: application/json\r\n"),
                    EndsWith("\"a/b:c|x|text|yes|1.41\"")));
  EXPECT_THAT(server.ask("POST", "/images/a/tag"), EndsWith("\"a|||no|1.44\""));
}

TEST(DockerApi, RefusesInDockersForm) {
  ApiServer server([](Api& api) {
    api.add(Method::kGet, "/x", [](const CallPtr& call) {
      call->fail({model::Refused::kConflict, "name \"x\" is taken"});
    });
    api.add(Method::kGet, "/y",
            [](const CallPtr& call) { call->fail({model::Refused::kNotModified, "it is so"}); });
    api.add(Method::kGet, "/dropped", [](const CallPtr&) {});
  });
  EXPECT_THAT(server.ask("GET", "/x"),
              AllOf(StartsWith("HTTP/1.1 409 "), HasSubstr("application/json"),
                    EndsWith("\r\n\r\n{\"message\":\"name \\\"x\\\" is taken\"}\n")));
  EXPECT_THAT(server.ask("GET", "/y"), AllOf(StartsWith("HTTP/1.1 304 "), EndsWith("\r\n\r\n")));
  for (const char* nowhere : {"/nowhere", "/v1.44/nowhere", "/"})
    EXPECT_THAT(server.ask("GET", nowhere),
                AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("{\"message\":\"page not found\"}\n")));
  EXPECT_THAT(server.ask("PATCH", "/x"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(server.ask("GET", "/v1.99/x"),
              AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("client version 1.99 is too new")));
  EXPECT_THAT(server.ask("GET", "/dropped"), StartsWith("HTTP/1.1 503 "));
}

void add_looking_and_changing(Api& api) {
  const auto answer = [](const CallPtr& call) { call->respond(200, "{}"); };
  api.add(Method::kGet, "/look", answer);
  api.add(Method::kGet, "/secret", answer, {.needs = Access::kFull});
  api.add(Method::kPost, "/change", answer);
  api.add(Method::kPut, "/upload", answer, {.body = Traits::Body::kArchive});
}

TEST(DockerApi, LetsReadersLook) {
  ApiServer server(add_looking_and_changing, Access::kRead);
  EXPECT_THAT(server.ask("GET", "/look"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.ask("GET", "/secret"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(server.ask("POST", "/change", "{}"),
              AllOf(StartsWith("HTTP/1.1 403 "), HasSubstr("permission denied")));
  EXPECT_THAT(server.ask("PUT", "/upload", "tar"), StartsWith("HTTP/1.1 403 "));
}

TEST(DockerApi, LetsStrangersDoNothing) {
  ApiServer server(add_looking_and_changing, Access::kNone);
  EXPECT_THAT(server.ask("GET", "/look"), StartsWith("HTTP/1.1 403 "));
}

TEST(DockerApi, KeepsArchivesInAFile) {
  ApiServer server([](Api& api) {
    api.add(Method::kPut, "/archive",
            [](const CallPtr& call) {
              const auto file = call->archive();
              ASSERT_TRUE(file) << file.error().message;
              std::string text(200, '\0');
              const ssize_t n = ::read((*file)->get(), text.data(), text.size());
              call->respond(200, "\"" + text.substr(0, static_cast<std::size_t>(n)) + "\"");
            },
            {.body = Traits::Body::kArchive});
  });
  EXPECT_THAT(server.ask("PUT", "/archive", "content"), EndsWith("\"content\""));
  EXPECT_THAT(server.ask("PUT", "/v1.44/archive"), EndsWith("\"\""));
  EXPECT_THAT(server.ask("PUT", "/archive", std::string(101, 'x')), StartsWith("HTTP/1.1 413 "));
}

TEST(DockerApi, CopiesOutAtTheClientsPace) {
  ApiServer server([](Api& api) {
    api.add(Method::kGet, "/large", [](const CallPtr& call) {
      call->copy_out("application/x-tar", {{"X-Stat", "s"}}, [](const Call::Sink& sink) {
        const std::string piece(1000, 'x');
        for (int i = 0; i < 5000; ++i)
          if (!sink(piece)) return model::Answer<>();
        return model::Answer<>();
      });
    });
    api.add(Method::kGet, "/none", [](const CallPtr& call) {
      call->copy_out("application/x-tar", {}, [](const Call::Sink&) -> model::Answer<> {
        return model::refuse(model::Refused::kNotFound, "nothing there");
      });
    });
  });
  const std::string large = server.ask("GET", "/large");
  EXPECT_THAT(large.substr(0, 500), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("X-Stat: s\r\n"),
                                          HasSubstr("Transfer-Encoding: chunked")));
  EXPECT_GT(large.size(), std::size_t{5'000'000});
  EXPECT_THAT(large, EndsWith("0\r\n\r\n"));
  EXPECT_THAT(server.ask("GET", "/none"), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("nothing")));
}

TEST(DockerApi, TellsOfProgressAndOfItsFailure) {
  ApiServer server([](Api& api) {
    api.add(Method::kPost, "/pull", [](const CallPtr& call) {
      ProgressStream progress(call);
      const auto report = progress.reporter();
      if (call->has("begin")) {
        EXPECT_TRUE(report({.status = "Pulling"}));
      }
      progress.finish(model::refuse(model::Refused::kNotFound, "manifest unknown"));
    });
  });
  EXPECT_THAT(server.ask("POST", "/pull"),
              AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("{\"message\":\"manifest unknown\"}\n")));
  EXPECT_THAT(server.ask("POST", "/pull?begin=1"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("{\"status\":\"Pulling\"}\r\n"),
                    HasSubstr(R"({"errorDetail":{"message":"manifest unknown"})")));
}

}  // namespace
}  // namespace plimsoll::docker
