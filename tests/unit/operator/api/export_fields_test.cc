// SPDX-License-Identifier: Apache-2.0
// Four things must not drift apart: the table of fields, the parser, the CRD and the agent's
// configuration. tests/component/resource_page_test.py checks docs/resource.md against the
// CRD.

#include "operator/api/export_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/config/check_value.h"
#include "common/config/rules.h"
#include "common/config/schema.h"
#include "common/config/value.h"
#include "operator/api/dual_trace_export.h"
#include "tests/unit/operator/api/export_files.h"

namespace dualtrace::ctl {
namespace {

// Every field of the CRD's spec with its schema, under the path that the table uses.
void collect(const Json& schema, const std::string& path, std::map<std::string, Json>& into) {
  into[path] = schema;
  if (const Json* properties = find(schema, {"properties"})) {
    for (const auto& [name, child] : properties->items()) collect(child, path + "." + name, into);
  }
  if (const Json* fields = find(schema, {"items", "properties"})) {
    for (const auto& [name, child] : fields->items()) collect(child, path + "[]." + name, into);
  }
}

std::map<std::string, Json> crd_fields() {
  const Json crd = read_yaml_file("crds/dualtraceexport.yaml");
  std::map<std::string, Json> fields;
  collect(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"], "spec",
          fields);
  return fields;
}

std::string crd_type(const Json& schema) {
  if (schema.contains("x-kubernetes-int-or-string")) return "quantity";
  if (schema.contains("additionalProperties")) return "map";
  if (schema.contains("enum")) return "choice";
  return std::string(text_at(schema, {"type"}));
}

std::string crd_type(FieldType type) {
  switch (type) {
    case FieldType::kSection:
      return "object";
    case FieldType::kChoice:
      return "choice";
    case FieldType::kMemory:
    case FieldType::kCpu:
    case FieldType::kCountOrPercent:
      return "quantity";
    case FieldType::kInteger:
      return "integer";
    case FieldType::kMap:
      return "map";
    case FieldType::kList:
    case FieldType::kTexts:
      return "array";
    default:
      return "string";
  }
}

std::string default_text(const Json& schema) {
  const Json* found = find(schema, {"default"});
  if (found == nullptr) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// For a list or map: the limit of each of its strings.
int64_t most_characters(const Json& schema) {
  const Json* value = find(schema, {"additionalProperties"});
  if (value == nullptr) value = find(schema, {"items"});
  return integer_at(value == nullptr ? schema : *value, {"maxLength"}).value_or(0);
}

int64_t most_entries(const Json& schema) {
  return integer_at(schema, {"maxItems"})
      .value_or(integer_at(schema, {"maxProperties"}).value_or(0));
}

bool is_required(const std::map<std::string, Json>& fields, const std::string& path) {
  std::string parent = path.substr(0, path.rfind('.'));
  if (parent == path) return true;  // a field of spec itself
  const bool in_list = parent.ends_with("[]");
  if (in_list) parent.resize(parent.size() - 2);
  const Json& schema = fields.at(parent);
  const Json& required =
      in_list ? array_at(schema, {"items", "required"}) : array_at(schema, {"required"});
  return std::find(required.begin(), required.end(), path.substr(path.rfind('.') + 1)) !=
         required.end();
}

// "spec.agent.tolerations[].key" → "/spec/agent/tolerations/0/key"
Json::json_pointer pointer_of(std::string path) {
  for (size_t at = path.find("[]"); at != std::string::npos; at = path.find("[]")) {
    path.replace(at, 2, ".0");
  }
  std::string pointer;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t dot = path.find('.', at);
    pointer += "/" + path.substr(at, dot == std::string::npos ? dot : dot - at);
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return Json::json_pointer(pointer);
}

TEST(ExportFields, AreTheFieldsOfTheCrd) {
  const auto crd = crd_fields();
  std::set<std::string> known;
  for (const ExportField& field : export_fields()) known.insert(std::string(field.path));
  for (const auto& [path, schema] : crd) {
    EXPECT_TRUE(known.contains(path)) << "operator/api/export_fields.cc lacks " << path;
  }
  for (const std::string& path : known) {
    EXPECT_TRUE(crd.contains(path)) << "crds/dualtraceexport.yaml lacks " << path
                                    << ": run ./dev docs if it only passes through";
  }
}

TEST(ExportFields, HaveTheTypesAndBoundsOfTheCrd) {
  const auto crd = crd_fields();
  for (const ExportField& field : export_fields()) {
    const auto found = crd.find(std::string(field.path));
    ASSERT_NE(found, crd.end()) << field.path;
    const Json& schema = found->second;
    EXPECT_EQ(crd_type(field.type), crd_type(schema)) << field.path;
    const std::string_view stored = field.fallback_is_stored ? field.fallback : "";
    EXPECT_EQ(stored, default_text(schema)) << field.path;
    if (!field.fallback_is_stored && field.type != FieldType::kSection && !field.fallback.empty()) {
      EXPECT_THAT(std::string(text_at(schema, {"description"})),
                  testing::HasSubstr(std::string(field.fallback) +
                                     ", unless the installation says otherwise."))
          << field.path;
    }
    EXPECT_EQ(field.required, is_required(crd, found->first)) << field.path;
    EXPECT_EQ(field.most_characters, most_characters(schema)) << field.path;
    EXPECT_EQ(field.most_entries, most_entries(schema)) << field.path;
    EXPECT_THAT(array_at(schema, {"enum"}).get<std::vector<std::string>>(),
                testing::ElementsAreArray(field.choices))
        << field.path;
  }
}

TEST(ExportFields, HaveTheirBoundsInTheRulesAndDescriptionsOfTheCrd) {
  const auto crd = crd_fields();
  for (const ExportField& field : export_fields()) {
    if (field.least.empty()) continue;
    const Json& schema = crd.at(std::string(field.path));
    const std::string least(field.least);
    const std::string most(field.most);
    if (field.type == FieldType::kInteger) {
      EXPECT_EQ(schema["minimum"].dump(), least) << field.path;
      EXPECT_EQ(schema["maximum"].dump(), most) << field.path;
      continue;
    }
    EXPECT_THAT(std::string(text_at(schema, {"description"})),
                testing::EndsWith(" " + least + " to " + most + "."))
        << field.path;
    std::string rules;
    for (const Json& rule : array_at(schema, {"x-kubernetes-validations"})) {
      rules += std::string(text_at(rule, {"rule"})) + "\n" +
               std::string(text_at(rule, {"message"})) + "\n";
    }
    EXPECT_THAT(rules, testing::HasSubstr("('" + least + "')")) << field.path;
    EXPECT_THAT(rules, testing::HasSubstr("('" + most + "')")) << field.path;
    EXPECT_THAT(rules, testing::HasSubstr("must be between " + least + " and " + most))
        << field.path;
  }
}

TEST(ExportFields, AreDescribedInTheCrd) {
  for (const auto& [path, schema] : crd_fields()) {
    const std::string_view description = text_at(schema, {"description"});
    EXPECT_GT(description.size(), 15U) << path;
    EXPECT_TRUE(description.ends_with('.')) << path;
  }
}

// The API server rejects CRD rules whose cost it cannot estimate, so every list and map needs a
// bound.
TEST(ExportFields, AreAllBoundedInTheCrd) {
  for (const auto& [path, schema] : crd_fields()) {
    const std::string type = crd_type(schema);
    const bool has_texts = text_at(schema, {"items", "type"}) == "string";
    if (type == "string" || type == "quantity" || type == "map" || has_texts) {
      EXPECT_GT(most_characters(schema), 0) << path;
    }
    if (type == "array" || type == "map") {
      EXPECT_GT(most_entries(schema), 0) << path;
    }
    EXPECT_EQ(schema.contains("x-kubernetes-list-type"), type == "array") << path;
  }
}

// The CRD contains their rules, with the messages that the operator and the agent use.
TEST(ExportFields, HaveTheRulesBetweenThemInTheCrd) {
  const auto crd = crd_fields();
  const std::map<std::string, std::vector<std::string_view>> rules = {
      {"spec", {kNoDestination}},
      {"spec.arize", {kOneOfEndpointAndRegion, kProxyAuthWithoutProxy}},
      {"spec.databricks", {kZerobusWithoutIngest, kZerobusWithToken, kProxyAuthWithoutProxy}},
      {"spec.databricks.auth", {kOneKindOfAuth}}};
  for (const auto& [path, messages] : rules) {
    std::set<std::string> said;
    for (const Json& rule : array_at(crd.at(path), {"x-kubernetes-validations"})) {
      said.insert(std::string(text_at(rule, {"message"})));
    }
    for (const std::string_view message : messages) {
      EXPECT_TRUE(said.contains(std::string(message))) << path << ": " << message;
    }
  }
}

TEST(ExportFields, AreTheAgentsOwnWhereTheyPassThrough) {
  std::set<std::string_view> passed_on;
  for (const ExportField& field : export_fields()) {
    if (field.config_key.empty()) continue;
    const SchemaKey* key = find_key(field.config_key);
    ASSERT_NE(key, nullptr) << field.config_key;
    EXPECT_TRUE(passed_on.insert(field.config_key).second) << field.config_key;
    EXPECT_EQ(field.fallback, key->fallback) << field.path;
    EXPECT_EQ(field.most, key->most) << field.path;
    const bool differs = field.path == "spec.delivery.maxBacklog";
    EXPECT_EQ(field.least != key->least, differs) << field.path;
  }
}

// The parser accepts and rejects the same values as the agent, with the same messages.
TEST(ExportFields, AreJudgedAsTheAgentJudgesThemWhereTheyPassThrough) {
  for (const ExportField& field : export_fields()) {
    if (field.config_key.empty() || field.type == FieldType::kMap) continue;
    SchemaKey key = *find_key(field.config_key);
    key.least = field.least;
    for (const std::string_view text : {field.least, field.most, std::string_view("?")}) {
      if (text.empty()) continue;
      const Status agents = check_value(key, text);
      Json object = full_export();
      object[pointer_of(std::string(field.path))] = text;
      std::vector<std::string> said;
      for (const ExportFault& fault : parse_export(object).faults) {
        if (fault.path == field.path) said.push_back(fault.message);
      }
      if (agents) {
        EXPECT_THAT(said, testing::IsEmpty()) << field.path << " = " << text;
      } else {
        EXPECT_THAT(said, testing::ElementsAre(agents.error().message)) << field.path;
      }
    }
  }
}

TEST(ExportFields, HaveRoomForTwoOfTheAgentsSegments) {
  const uint64_t segment = parse_size(find_key("delivery.segmentBytes")->fallback).value();
  EXPECT_EQ(parse_size(find_field("spec.delivery.maxBacklog")->least).value(), 2 * segment);
}

std::string first_item_path(std::string path) {
  for (size_t at = path.find("[]"); at != std::string::npos; at = path.find("[]")) {
    path.replace(at, 2, "[0]");
  }
  return path;
}

TEST(ExportFields, AreAllReadByTheParser) {
  for (const ExportField& field : export_fields()) {
    for (const Json& wrong : {Json(true), Json(0.5)}) {
      Json object = full_export();
      object[pointer_of(std::string(field.path))] = wrong;
      const ExportOrFaults parsed = parse_export(object);
      const auto at_field = testing::Contains(
          testing::Field(&ExportFault::path, first_item_path(std::string(field.path))));
      EXPECT_THAT(parsed.faults, at_field) << field.path << " = " << wrong;
    }
  }
}

TEST(ExportFields, AreAllInTheFullExampleButTheOtherOfTwo) {
  const Json example = full_export();
  for (const ExportField& field : export_fields()) {
    const bool other_of_two = field.path.starts_with("spec.databricks.auth.oauth") ||
                              field.path.starts_with("spec.databricks.auth.workloadIdentity") ||
                              field.path.starts_with("spec.databricks.zerobus") ||
                              field.path == "spec.arize.region" ||
                              field.path == "spec.arize.ca.secretName" ||
                              field.path == "spec.databricks.ca.configMapName";
    EXPECT_NE(example.contains(pointer_of(std::string(field.path))), other_of_two)
        << "docs/examples/dualtraceexport.yaml and " << field.path
        << ": each field but the other of two; ./dev docs adds those with a default";
  }
}

TEST(ExportFields, HaveDefaultsThatTheParserFillsIn) {
  const Json oauth = {
      {"secretName", "sp"}, {"clientIDKey", "client-id"}, {"clientSecretKey", "client-secret"}};
  const Json identity = {{"audience", "account"}, {"expirationSeconds", 3600}};
  for (const ExportField& field : export_fields()) {
    if (field.fallback.empty() || field.type == FieldType::kSection) continue;
    const std::string path(field.path);
    Json object = full_export();
    if (path.find(".oauth.") != std::string::npos) {
      object["spec"]["databricks"]["auth"] = {{"oauth", oauth}};
    } else if (path.find(".workloadIdentity.") != std::string::npos) {
      object["spec"]["databricks"]["auth"] = {{"workloadIdentity", identity}};
    }
    const ExportOrFaults full = parse_export(object);
    ASSERT_TRUE(full.value) << to_string(full.faults);
    const Json& written = object[pointer_of(path)];
    ASSERT_EQ(written.is_string() ? written.get<std::string>() : written.dump(), field.fallback)
        << field.path;
    object[pointer_of(path.substr(0, path.rfind('.')))].erase(path.substr(path.rfind('.') + 1));
    EXPECT_EQ(parse_export(object).value, full.value) << field.path;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
