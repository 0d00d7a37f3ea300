// SPDX-License-Identifier: Apache-2.0
#pragma once
// JsonSchema: the names of a message's fields in OTLP/JSON, and how each is written on the wire.
// Built once from the descriptors of the protos. Only for json.cc. Immutable. Thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class EnumDescriptor;
}

namespace dualtrace::agent {

enum class JsonKind {
  kText,
  kId,      // hex
  kBytes,   // base64
  kUint32,  // varints
  kInt32,
  kInt64,
  kEnum,
  kBool,
  kFixed32,
  kFixed64,
  kDouble,
  kMessage,
};

struct JsonMessage;

struct JsonField {
  std::string name;        // lowerCamelCase
  std::string snake_name;  // also accepted
  uint32_t number = 0;
  JsonKind kind = JsonKind::kText;
  bool repeated = false;
  bool in_oneof = false;
  size_t id_bytes = 0;                                            // kId
  bool id_may_be_empty = false;                                   // kId
  const JsonMessage* message = nullptr;                           // kMessage
  const google::protobuf::EnumDescriptor* enumeration = nullptr;  // kEnum
};

struct JsonMessage {
  std::vector<JsonField> fields;

  // nullptr for a key that is not in OTLP.
  [[nodiscard]] const JsonField* find(std::string_view key) const {
    for (const JsonField& field : fields) {
      if (field.name == key || field.snake_name == key) return &field;
    }
    return nullptr;
  }
};

// The schema of ExportTraceServiceRequest.
[[nodiscard]] const JsonMessage& json_request_schema();

}  // namespace dualtrace::agent
