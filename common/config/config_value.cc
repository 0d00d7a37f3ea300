// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_value.h"

#include <algorithm>
#include <filesystem>

#include "common/config/schema.h"
#include "common/config/value.h"

namespace dualtrace {
namespace {

struct Setter {
  const SchemaKey& key;
  std::string_view text;
  std::string_view folder;

  void operator()(std::monostate) const {}
  void operator()(uint64_t* into) const { *into = number(); }
  void operator()(uint32_t* into) const { *into = static_cast<uint32_t>(number()); }
  void operator()(std::chrono::milliseconds* into) const { *into = parse_duration(text).value(); }
  void operator()(std::chrono::seconds* into) const { *into = parse_seconds(text).value(); }
  void operator()(DiskShare* into) const { *into = parse_disk_share(text).value(); }
  void operator()(std::string* into) const {
    *into = text;
    if (key.type == KeyType::kFile) {
      *into = (std::filesystem::path(folder) / text).lexically_normal().string();
    }
  }
  void operator()(std::optional<std::string>* into) const { *into = text; }
  void operator()(Url* into) const { *into = key.parse_url(text).value(); }
  void operator()(std::optional<Url>* into) const { *into = key.parse_url(text).value(); }
  void operator()(HostPort* into) const { *into = parse_address(text).value(); }
  void operator()(std::vector<HostPort>* /*into*/) const {}
  template <typename Choice>
  requires std::is_enum_v<Choice>
  void operator()(Choice* into) const {
    const auto found = std::find(key.choices.begin(), key.choices.end(), text);
    *into = static_cast<Choice>(found - key.choices.begin());
  }

  [[nodiscard]] uint64_t number() const {
    return (key.type == KeyType::kCount ? parse_count(text) : parse_size(text)).value();
  }
};

using Texts = std::vector<std::string>;

struct Teller {
  const SchemaKey& key;

  Texts operator()(std::monostate) const { return {}; }
  Texts operator()(const uint64_t* value) const { return {std::to_string(*value)}; }
  Texts operator()(const uint32_t* value) const { return {std::to_string(*value)}; }
  Texts operator()(const std::chrono::milliseconds* value) const {
    return {std::to_string(value->count()) + "ms"};
  }
  Texts operator()(const std::chrono::seconds* value) const {
    return {std::to_string(value->count()) + "s"};
  }
  Texts operator()(const DiskShare* value) const {
    if (value->percent != 0) return {std::to_string(value->percent) + "%"};
    return {std::to_string(value->bytes)};
  }
  Texts operator()(const std::string* value) const { return {*value}; }
  Texts operator()(const Url* value) const { return {value->origin() + value->path}; }
  Texts operator()(const HostPort* value) const { return {value->to_string()}; }
  Texts operator()(const std::vector<HostPort>* value) const {
    Texts texts;
    for (const HostPort& address : *value) texts.push_back(address.to_string());
    return texts;
  }
  template <typename T>
  Texts operator()(const std::optional<T>* value) const {
    return *value ? (*this)(&**value) : Texts();
  }
  template <typename Choice>
  requires std::is_enum_v<Choice> Texts operator()(const Choice* value) const {
    return {std::string(key.choices[static_cast<size_t>(*value)])};
  }
};

}  // namespace

void set_value(const SchemaKey& key, std::string_view text, std::string_view folder,
               ConfigValue value) {
  std::visit(Setter{key, text, folder}, value);
}

std::vector<std::string> value_texts(const SchemaKey& key, ConfigValue value) {
  return std::visit(Teller{key}, value);
}

}  // namespace dualtrace
