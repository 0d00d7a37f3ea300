#include "tests/sandbox/access.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

Status update_one(Access& access, const std::string& name, const json& value) {
  const auto optional = [&](auto& member) {
    if (value.is_null()) {
      member.reset();
    } else {
      member = value.get<typename std::remove_reference_t<decltype(member)>::value_type>();
    }
    return Status();
  };
  if (name == "arize_api_keys") return optional(access.arize_api_keys);
  if (name == "arize_spaces") return optional(access.arize_spaces);
  if (name == "databricks_tokens") return optional(access.databricks_tokens);
  if (name == "databricks_tables") return optional(access.databricks_tables);
  if (name == "databricks_gzip") {
    access.databricks_gzip = value.get<bool>();
    return {};
  }
  return fail(ErrorKind::kInvalid, "unknown member \"" + name + "\"");
}

}  // namespace

AccessBook::AccessBook(Access access)
    : access_(std::make_shared<const Access>(std::move(access))) {}

std::shared_ptr<const Access> AccessBook::current() const {
  Lock lock(mutex_);
  return access_;
}

Status AccessBook::update(std::string_view text) {
  auto fresh = std::make_shared<Access>(*current());
  try {
    const json parsed = json::parse(text);
    if (!parsed.is_object()) return fail(ErrorKind::kInvalid, "not a JSON object");
    for (const auto& [name, value] : parsed.items())
      if (auto updated = update_one(*fresh, name, value); !updated) return updated;
  } catch (const json::exception&) {  // its text would show the value, which may be a secret
    return fail(ErrorKind::kInvalid, "not JSON, or a member of the wrong type");
  }
  Lock lock(mutex_);
  access_ = std::move(fresh);
  return {};
}

bool is_three_part_name(std::string_view name) {
  return std::ranges::count(name, '.') == 2 && !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos;
}

}  // namespace dualtrace::sandbox
