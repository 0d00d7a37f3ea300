// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/body.h"

#include <google/protobuf/util/json_util.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "common/compress/gzip.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kBodyBytesMax = size_t{256} * 1024 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// OTLP/JSON has ids in hex where protobuf's own JSON format has base64.
std::string base64_of_hex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return "not hex";
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  std::string encoded((bytes.size() + 2) / 3 * 4 + 1, '\0');
  encoded.resize(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                 reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size())));
  return encoded;
}

void convert_ids(json& value) {
  if (value.is_object()) {
    for (const char* name : {"traceId", "spanId", "parentSpanId"}) {
      const auto found = value.find(name);
      if (found != value.end() && found->is_string())
        *found = base64_of_hex(found->get<std::string>());
    }
  }
  if (value.is_structured())
    for (json& member : value) convert_ids(member);
}

Status parse_json(const std::string& body, RequestProto& into) {
  json parsed = json::parse(body, nullptr, false);
  if (!parsed.is_object()) return fail(ErrorKind::kInvalid, "the body is not a JSON object");
  convert_ids(parsed);
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(parsed.dump(), &into, options);
  if (!status.ok()) return fail(ErrorKind::kInvalid, std::string(status.message()));
  return {};
}

}  // namespace

Result<std::string> decode_body(Arrival& arrival) {
  const std::string_view encoding = arrival.header("content-encoding");
  if (encoding.empty() || encoding == "identity") return std::move(arrival.body);
  if (encoding != "gzip") return fail(ErrorKind::kInvalid, "the content encoding is not gzip");
  return gunzip(arrival.body, kBodyBytesMax);
}

Status parse_spans(const std::string& body, BodyForm form, RequestProto& into) {
  if (form == BodyForm::kJson) return parse_json(body, into);
  if (!into.ParseFromString(body))
    return fail(ErrorKind::kInvalid, "the body is not an ExportTraceServiceRequest");
  return {};
}

BodyForm form_of(const Arrival& arrival) {
  const bool is_json =
      arrival.protocol == Protocol::kHttp && arrival.header("content-type") == "application/json";
  return is_json ? BodyForm::kJson : BodyForm::kProtobuf;
}

}  // namespace dualtrace::sandbox
