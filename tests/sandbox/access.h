#pragma once
// Access: who may send what where: keys, tokens, spaces, tables. AccessBook holds the present one,
// which POST /credentials replaces while requests go on.
// Access is immutable; AccessBook is thread-safe.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/sync/mutex.h"

namespace dualtrace::sandbox {

struct Access {
  // Absent: any that is not empty will do. Empty: none will.
  std::optional<std::set<std::string>> arize_api_keys{};
  std::optional<std::set<std::string>> arize_spaces{};
  std::optional<std::set<std::string>> databricks_tokens{};
  std::optional<std::map<std::string, std::string>> databricks_tables{};  // name → "v1" or "v2"
  bool databricks_gzip = true;
};

class AccessBook {
 public:
  explicit AccessBook(Access access);

  [[nodiscard]] std::shared_ptr<const Access> current() const;
  // Replaces the members that the JSON object names, by the names they have in Access; null means
  // absent again. kInvalid on anything else.
  Status update(std::string_view json);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const Access> access_ DT_GUARDED_BY(mutex_);
};

// "catalog.schema.table"
[[nodiscard]] bool is_three_part_name(std::string_view name);

}  // namespace dualtrace::sandbox
