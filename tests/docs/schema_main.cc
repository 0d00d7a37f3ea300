// SPDX-License-Identifier: Apache-2.0
// Prints, as JSON, the keys of the agent's configuration and the fields of a DualTraceExport that
// pass through to them. `./dev docs` and its tests read it (schema_files.py).

#include <iostream>

#include "common/config/check_value.h"
#include "common/config/schema.h"
#include "common/json/json.h"
#include "operator/api/export_fields.h"

namespace dualtrace {
namespace {

Json words_of(const SchemaKey& key) {
  Json choices = Json::array();
  for (const std::string_view choice : key.choices) choices.push_back(choice);
  return {{"path", key.path},
          {"type", type_name(key.type)},
          {"default", key.fallback},
          {"least", key.least},
          {"most", key.most},
          {"choices", choices},
          {"required", !key.required.empty()},
          {"restart", key.takes == Takes::kRestart},
          {"meaning", key.meaning}};
}

// The fault of a text that matches none of the forms of the type; "" if any text matches one.
std::string expected(const SchemaKey& key) {
  const Status status = check_value(key, "?");
  return status ? "" : status.error().message;
}

Json all() {
  Json keys = Json::array();
  for (const SchemaKey& key : config_schema()) {
    Json words = words_of(key);
    words["note"] = key.note;
    keys.push_back(std::move(words));
  }
  Json fields = Json::array();
  Json order = Json::array();
  for (const ctl::ExportField& field : ctl::export_fields()) {
    order.push_back(field.path);
    if (field.config_key.empty()) continue;
    SchemaKey key = schema_key(field);
    key.type = find_key(field.config_key)->type;
    Json words = words_of(key);
    words["note"] = field.note;
    words["most_characters"] = field.most_characters;
    words["expected"] = expected(key);
    fields.push_back(std::move(words));
  }
  return {{"keys", keys}, {"fields", fields}, {"order", order}};
}

}  // namespace
}  // namespace dualtrace

int main() {
  std::cout << dualtrace::all().dump(1) << "\n";
  return std::cout.good() ? 0 : 1;
}
