// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/authorization_details.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

struct Kind {
  std::string_view name;
  int parts;  // of the table's full path
  std::set<std::string> privileges;
};

const Kind kKinds[] = {{"CATALOG", 1, {"USE CATALOG"}},
                       {"SCHEMA", 2, {"USE SCHEMA"}},
                       {"TABLE", 3, {"MODIFY", "SELECT"}}};
constexpr std::string_view kOperations = "operations";

Failure wrong(size_t index, const std::string& what) {
  return fail(ErrorKind::kInvalid, "authorization_details[" + std::to_string(index) + "]: " + what);
}

bool is_path(const std::string& path, int parts) {
  return std::ranges::count(path, '.') == parts - 1 && !path.empty() && !path.starts_with('.') &&
         !path.ends_with('.') && path.find("..") == std::string::npos;
}

Status check_operations(const json& entry, size_t index, const Kind& kind, Operations operations) {
  const auto found = entry.find(kOperations);
  if (found == entry.end()) {
    if (operations == Operations::kRequired && kind.name == "TABLE")
      return wrong(index, "\"operations\" is missing");
    return {};
  }
  if (kind.name != "TABLE") return wrong(index, "only a TABLE has \"operations\"");
  if (operations == Operations::kUnknown) return wrong(index, "unknown parameter \"operations\"");
  if (*found != json::array({"zerobuswrite"}))
    return wrong(index, "\"operations\" is not [\"zerobuswrite\"]");
  return {};
}

// The full path in a valid entry.
Result<std::pair<std::string_view, std::string>> read_entry(const json& entry, size_t index,
                                                            Operations operations) {
  if (!entry.is_object()) return wrong(index, "not an object");
  for (const auto& [name, value] : entry.items())
    if (name != "type" && name != "object_type" && name != "object_full_path" &&
        name != "privileges" && name != kOperations)
      return wrong(index, "unknown parameter \"" + name + "\"");
  if (entry.value("type", "") != "unity_catalog_privileges")
    return wrong(index, "\"type\" is not unity_catalog_privileges");
  const std::string type = entry.value("object_type", "");
  const auto* const kind =
      std::ranges::find_if(kKinds, [&](const Kind& known) { return known.name == type; });
  if (kind == std::end(kKinds))
    return wrong(index, "\"object_type\" is not CATALOG, SCHEMA or TABLE");
  std::string path = entry.value("object_full_path", "");
  if (!is_path(path, kind->parts))
    return wrong(index, "\"object_full_path\" is no name of a " + type);
  if (!entry.contains("privileges") ||
      entry["privileges"].get<std::set<std::string>>() != kind->privileges)
    return wrong(index, "\"privileges\" are not those that writing needs of a " + type);
  if (auto checked = check_operations(entry, index, *kind, operations); !checked)
    return fail(checked.error());
  return std::pair(kind->name, std::move(path));
}

}  // namespace

Result<std::set<std::string>> read_authorization_details(std::string_view text,
                                                         Operations operations) {
  std::map<std::string_view, std::set<std::string>> paths;
  try {
    const json details = json::parse(text);
    if (!details.is_array() || details.empty())
      return fail(ErrorKind::kInvalid, "authorization_details is not a JSON array with entries");
    for (size_t i = 0; i < details.size(); ++i) {
      auto entry = read_entry(details[i], i, operations);
      if (!entry) return fail(entry.error());
      paths[entry->first].insert(std::move(entry->second));
    }
  } catch (const json::exception&) {
    return fail(ErrorKind::kInvalid,
                "authorization_details is not JSON, or a member has the wrong type");
  }
  for (const std::string& table : paths["TABLE"]) {
    const std::string schema = table.substr(0, table.rfind('.'));
    const std::string catalog = schema.substr(0, schema.rfind('.'));
    if (!paths["SCHEMA"].contains(schema) || !paths["CATALOG"].contains(catalog))
      return fail(ErrorKind::kInvalid,
                  "authorization_details lacks the schema or the catalog of " + table);
  }
  if (paths["TABLE"].empty())
    return fail(ErrorKind::kInvalid, "authorization_details names no table");
  return paths["TABLE"];
}

}  // namespace dualtrace::sandbox
