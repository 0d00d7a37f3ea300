// SPDX-License-Identifier: Apache-2.0
#include "agent/otlp/json_schema.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>

#include "common/error/check.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Request = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;

JsonKind kind_of(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
      return JsonKind::kText;
    case FieldDescriptor::TYPE_BYTES:
      return field.name().ends_with("_id") ? JsonKind::kId : JsonKind::kBytes;
    case FieldDescriptor::TYPE_UINT32:
      return JsonKind::kUint32;
    case FieldDescriptor::TYPE_INT32:
      return JsonKind::kInt32;
    case FieldDescriptor::TYPE_INT64:
      return JsonKind::kInt64;
    case FieldDescriptor::TYPE_ENUM:
      return JsonKind::kEnum;
    case FieldDescriptor::TYPE_BOOL:
      return JsonKind::kBool;
    case FieldDescriptor::TYPE_FIXED32:
      return JsonKind::kFixed32;
    case FieldDescriptor::TYPE_FIXED64:
      return JsonKind::kFixed64;
    case FieldDescriptor::TYPE_DOUBLE:
      return JsonKind::kDouble;
    case FieldDescriptor::TYPE_MESSAGE:
      return JsonKind::kMessage;
    default:
      DT_CHECK(false && "a type that OTLP traces do not use");
      return JsonKind::kMessage;
  }
}

class Schema {
 public:
  Schema() : request_(message(*Request::descriptor())) {}
  [[nodiscard]] const JsonMessage& request() const { return request_; }

 private:
  // Message types are recursive: each is in the map before its fields are added.
  const JsonMessage& message(const Descriptor& descriptor) {
    const auto [found, added] = messages_.try_emplace(&descriptor);
    if (added) {
      for (int i = 0; i < descriptor.field_count(); ++i) {
        found->second.fields.push_back(field(*descriptor.field(i)));
      }
      add_old_names(found->second);
    }
    return found->second;
  }

  // The names of scopes before 2022; the messages have the same fields.
  static void add_old_names(JsonMessage& message) {
    const auto also = [&message](std::string_view name, std::string_view old_name,
                                 std::string_view old_snake_name) {
      const JsonField* now = message.find(name);
      if (now == nullptr) return;
      JsonField old = *now;
      old.name = old_name;
      old.snake_name = old_snake_name;
      message.fields.push_back(std::move(old));
    };
    also("scopeSpans", "instrumentationLibrarySpans", "instrumentation_library_spans");
    also("scope", "instrumentationLibrary", "instrumentation_library");
  }

  JsonField field(const FieldDescriptor& descriptor) {
    JsonField field{.name = descriptor.json_name(),
                    .snake_name = descriptor.name(),
                    .number = static_cast<uint32_t>(descriptor.number()),
                    .kind = kind_of(descriptor),
                    .repeated = descriptor.is_repeated(),
                    .in_oneof = descriptor.real_containing_oneof() != nullptr};
    if (field.kind == JsonKind::kId) {
      field.id_bytes = field.snake_name == "trace_id" ? 16 : 8;
      // A link without ids is unusual, but receivers accept it; a span needs both.
      field.id_may_be_empty =
          field.snake_name == "parent_span_id" || descriptor.containing_type()->name() == "Link";
    }
    if (field.kind == JsonKind::kMessage) field.message = &message(*descriptor.message_type());
    if (field.kind == JsonKind::kEnum) field.enumeration = descriptor.enum_type();
    return field;
  }

  std::map<const Descriptor*, JsonMessage> messages_;
  const JsonMessage& request_;
};

}  // namespace

const JsonMessage& json_request_schema() {
  static const Schema schema;
  return schema.request();
}

}  // namespace dualtrace::agent
