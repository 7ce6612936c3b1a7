#include "agent/stats/template.h"

#include <gtest/gtest.h>

#include <map>

namespace plimsoll::agent {
namespace {

const std::map<std::string, TemplateValue, std::less<>> kRow = {
    {"Name", {"web"}},
    {"CPU", {"12.5", TemplateValue::Kind::kNumber}},
    {"Empty", {""}},
    {"Mem", {"1MiB / 2MiB"}}};

Result<Template> parse(std::string_view text, std::size_t offset = 0) {
  return Template::parse(
      text, [](std::string_view name) { return kRow.contains(name); }, "fields: Name CPU", offset);
}

const TemplateData kData{.field = [](std::string_view name) { return kRow.find(name)->second; },
                         .json_object = [] { return std::string(R"({"Name":"web"})"); }};

std::string rendered(std::string_view text) {
  const auto parsed = parse(text);
  return parsed ? parsed->render(kData) : "ERROR " + parsed.error().subject;
}

struct Case {
  const char* text;
  const char* expected;
};
class Renders : public ::testing::TestWithParam<Case> {};

TEST_P(Renders, AsGoWould) {
  EXPECT_EQ(rendered(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , Renders,
    ::testing::Values(
        Case{"", ""}, Case{"plain", "plain"}, Case{"{{.Name}}", "web"},
        Case{"{{ .Name }}: {{.CPU}}", "web: 12.5"}, Case{R"({{.Name}}\t{{.CPU}}\n)", "web\t12.5\n"},
        Case{R"(a\qb)", R"(a\qb)"}, Case{"a }} b", "a }} b"}, Case{"{{json .Name}}", "\"web\""},
        Case{"{{json .CPU}}", "12.5"}, Case{"{{json .}}", R"({"Name":"web"})"},
        Case{"{{. | json}}", R"({"Name":"web"})"}, Case{"{{.}}", R"({"Name":"web"})"},
        Case{"{{upper .Name}}", "WEB"}, Case{"{{.Name | upper | lower | title}}", "Web"},
        Case{"[{{pad .Name 1 2}}]", "[ web  ]"}, Case{"[{{pad .Empty 1 2}}]", "[]"},
        Case{"{{truncate .Name 2}}", "we"}, Case{"{{truncate .Name 9}}", "web"},
        Case{"{{len .Name}}", "3"}, Case{R"({{"a\t\"b"}})", "a\t\"b"}, Case{"{{`a\\t`}}", "a\\t"},
        Case{R"({{printf "%s is %-5s|%5s|%q%%" .Name .CPU .Name .Name}})",
             "web is 12.5 |  web|\"web\"%"},
        Case{R"({{printf "%s" }})", "%!(MISSING)"}, Case{R"({{print .Name "-" 3}})", "web-3"},
        Case{"{{if .Name}}yes{{else}}no{{end}}", "yes"}, Case{"{{if .Empty}}yes{{end}}", ""},
        Case{"{{if gt .CPU 9}}hot{{else if gt .CPU 5}}warm{{else}}cold{{end}}", "hot"},
        Case{"{{if gt .CPU 90}}hot{{else if gt .CPU 5}}warm{{else}}cold{{end}}", "warm"},
        Case{R"({{if eq .Name "db" "web"}}known{{end}})", "known"},
        Case{R"({{if and .Name (not (eq .CPU 0))}}busy{{end}})", "busy"},
        Case{R"({{or .Empty "none"}})", "none"}, Case{"{{true}}{{false}}", "truefalse"},
        Case{"{{if false}}a{{else}}b{{end}}", "b"}, Case{"a {{- .Name -}} b", "awebb"},
        Case{"a {{/* note */}} b", "a  b"}, Case{"a {{- /* note */ -}} b", "ab"},
        Case{"{{len .Name | printf \"%3s\"}}", "  3"}));

class Refuses : public ::testing::TestWithParam<Case> {};

TEST_P(Refuses, NamingThePlace) {
  const auto parsed = parse(GetParam().text);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidInput);
  EXPECT_TRUE(parsed.error().subject.starts_with(GetParam().expected)) << parsed.error().subject;
}

INSTANTIATE_TEST_SUITE_P(
    , Refuses,
    ::testing::Values(
        Case{"x{{.Foo}}", "column 4: unknown field .Foo (fields: Name CPU)"},
        Case{"{{.Name", "column 1: this {{ has no }}"},
        Case{"abc {{", "column 5: this {{ has no }}"},
        Case{"{{}}", "column 3: a field or function is missing"},
        Case{"{{.Name |}}", "column 10: a field or function is missing"},
        Case{"{{foo .Name}}", "column 3: unknown function foo"},
        Case{"{{range .Name}}{{end}}", "column 3: {{range}} is not offered"},
        Case{"{{$x := 1}}", "column 3: variables"},
        Case{"{{.Name.Length}}", "column 8: fields have"},
        Case{"{{\"abc}}", "column 3: this string is not closed"},
        Case{R"({{"a\q"}})", "column 5: unknown escape"},
        Case{"{{if .Name}}x", "column 1: this {{if}} has no {{end}}"},
        Case{"x{{end}}", "column 2: {{end}} without {{if}}"},
        Case{"{{else}}", "column 1: {{else}} without {{if}}"},
        Case{"{{.Name .CPU}}", "column 3: only a function"},
        Case{"{{upper}}", "column 3: upper wants at least 1 argument(s), not 0"},
        Case{"{{upper .Name .CPU}}", "column 3: upper wants at most 1 argument(s), not 2"},
        Case{"{{upper lower .Name}}", "column 9: a function as an argument needs parentheses"},
        Case{"{{(.Name}}", "column 9: expected ) here"},
        Case{"{{.Name)}}", "column 8: expected }}"}, Case{"{{1.2.3}}", "column 3: this number"},
        Case{"{{/* x }}", "column 1: this comment"}, Case{"{{#}}", "column 3: unexpected '#'"},
        Case{"{{\x01}}", "column 3: unexpected byte"}));

TEST(Template, CountsColumnsFromWhatWasTyped) {
  const auto parsed = parse("{{.Foo}}", 6);  // After "table ".
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.error().subject.starts_with("column 9:")) << parsed.error().subject;
}

TEST(Template, LeavesTitlesAloneInAHeader) {
  const auto parsed = parse("{{upper .Name}}|{{truncate .Mem 3}}|{{pad .Name 1 1}}|{{json .CPU}}");
  ASSERT_TRUE(parsed);
  const TemplateData titles{
      .field = [](std::string_view name) { return TemplateValue{"the " + std::string(name)}; },
      .json_object = [] { return std::string(); }};
  EXPECT_EQ(parsed->render(titles, TemplateMode::kHeader), "the Name|the Mem| the Name |the CPU");
}

TEST(Template, SurvivesDeepNesting) {
  std::string conditions;
  std::string parentheses = "{{";
  for (int i = 0; i < 5000; ++i) {
    conditions += "{{if .Name}}";
    parentheses += "(";
  }
  EXPECT_NE(rendered(conditions).find("nested too deeply"), std::string::npos);
  EXPECT_NE(rendered(parentheses + "}}").find("nested too deeply"), std::string::npos);
}

TEST(Template, ElseIfChainsAreBoundedToo) {
  std::string chain = "{{if .Empty}}";
  for (int i = 0; i < 5000; ++i) chain += "{{else if .Empty}}";
  EXPECT_NE(rendered(chain + "{{end}}").find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace plimsoll::agent
