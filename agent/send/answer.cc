// SPDX-License-Identifier: Apache-2.0
#include "agent/send/answer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "agent/credential/foreign_text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using ExportResponse = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using WireFormat = google::protobuf::internal::WireFormatLite;
using nlohmann::json;

constexpr size_t kTextBytesMax = 512;
constexpr int64_t kDelaySecondsMax = 3600;

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_case_start) {
  return text.size() >= lower_case_start.size() &&
         std::equal(lower_case_start.begin(), lower_case_start.end(), text.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

std::optional<Duration> sensible(Duration delay) {
  if (delay <= Duration::zero()) return std::nullopt;
  return std::min<Duration>(delay, std::chrono::seconds(kDelaySecondsMax));
}

bool parses(google::protobuf::MessageLite& message, std::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// "application/json" for "Application/JSON; charset=utf-8".
std::string media_type(const HttpResponse& response) {
  const std::string_view header = response.header("content-type");
  std::string type(trimmed(header.substr(0, header.find(';'))));
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}
bool is_json(std::string_view type) { return type.ends_with("/json") || type.ends_with("+json"); }
bool is_protobuf(std::string_view type) {
  return type.ends_with("protobuf") || type == "application/octet-stream";
}

// Every message that we know contains a control character, as a length or a field tag.
bool is_readable_text(std::string_view body) {
  return std::all_of(body.begin(), body.end(), [](char c) {
    return c < 0 || c >= ' ' || c == '\t' || c == '\r' || c == '\n';
  });
}

// The tags (number << 3 | wire type) of the top-level fields; none if it is not protobuf. Generated
// message classes do not expose unknown fields.
std::optional<std::vector<uint32_t>> field_tags(std::string_view message) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(message.data()),
                                               static_cast<int>(message.size()));
  std::vector<uint32_t> tags;
  while (const uint32_t tag = input.ReadTag()) {
    if (!WireFormat::SkipField(&input, tag)) return std::nullopt;
    tags.push_back(tag);
  }
  if (!input.ConsumedEntireMessage()) return std::nullopt;
  return tags;
}

bool is_status(std::string_view body) {
  const auto tags = field_tags(body);
  return tags && std::all_of(tags->begin(), tags->end(), [](uint32_t tag) {
           return tag == WireFormat::MakeTag(1, WireFormat::WIRETYPE_VARINT) ||
                  tag == WireFormat::MakeTag(2, WireFormat::WIRETYPE_LENGTH_DELIMITED) ||
                  tag == WireFormat::MakeTag(3, WireFormat::WIRETYPE_LENGTH_DELIMITED);
         });
}

// A later version of OTLP may add fields, but today's field keeps its type.
bool is_export_response(std::string_view body) {
  constexpr uint32_t kPartialSuccess =
      WireFormat::MakeTag(1, WireFormat::WIRETYPE_LENGTH_DELIMITED);
  const auto tags = field_tags(body);
  if (!tags || std::find(tags->begin(), tags->end(), kPartialSuccess) == tags->end()) return false;
  return std::all_of(tags->begin(), tags->end(), [](uint32_t tag) {
    return WireFormat::GetTagFieldNumber(tag) != 1 || tag == kPartialSuccess;
  });
}

std::string_view after_prolog(std::string_view body) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  body = trimmed(body);
  while (body.starts_with("<?") || body.starts_with("<!--")) {
    const std::string_view end = body.starts_with("<?") ? "?>" : "-->";
    const size_t found = body.find(end);
    if (found == std::string_view::npos) break;
    body = trimmed(body.substr(found + end.size()));
  }
  return body;
}

std::string string_member(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}
std::optional<int64_t> integer_member(const json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_number_integer()) return std::nullopt;
  return member->get<int64_t>();
}

// The OAuth form: {"error": "invalid_token", "error_description": "…"}.
std::string oauth_error(const json& root) {
  const std::string error = string_member(root, "error");
  const std::string description = string_member(root, "error_description");
  return error.empty() || description.empty() ? error + description : error + ": " + description;
}

std::optional<ServerError> parse_json_error(const HttpResponse& response) {
  json root = json::parse(response.body, nullptr, false);
  if (root.is_object() && root.contains("error") && root["error"].is_object()) {
    root = json(root["error"]);
  }
  if (!root.is_object()) return std::nullopt;
  const std::string message = string_member(root, "message");
  ServerError error{
      .code = clean_text(string_member(root, "error_code"), response.secrets),
      .message = clean_text(message.empty() ? oauth_error(root) : message, response.secrets)};
  if (!error.code.empty()) {
    error.form = ErrorForm::kDatabricks;
  } else if (const auto number = integer_member(root, "error_code")) {
    error.code = std::to_string(*number);  // the HTTP status repeated, by a gateway
  } else if (const auto code = integer_member(root, "code"); code && !message.empty()) {
    error.form = ErrorForm::kStatus;
    constexpr int kInvalidArgument = 3;
    const bool named = string_member(root, "status") == "INVALID_ARGUMENT";
    error.status_code =
        named ? kInvalidArgument : static_cast<int>(std::clamp<int64_t>(*code, -1, 1000));
  }
  if (error.message.empty() && error.code.empty()) return std::nullopt;
  return error;
}

std::optional<PartialSuccess> parse_json_success(const HttpResponse& response) {
  const json root = json::parse(response.body, nullptr, false);
  if (!root.is_object()) return std::nullopt;
  if (root.empty()) return PartialSuccess{};
  auto partial = root.find("partialSuccess");
  if (partial == root.end()) partial = root.find("partial_success");
  if (partial == root.end()) return std::nullopt;
  if (partial->is_null()) return PartialSuccess{};
  if (!partial->is_object()) return std::nullopt;
  const auto either = [&](const char* camel, const char* snake) {
    const auto member = partial->find(camel);
    return member != partial->end() ? member : partial->find(snake);
  };
  PartialSuccess result;
  if (const auto text = either("errorMessage", "error_message");
      text != partial->end() && text->is_string()) {
    result.message = clean_text(text->get_ref<const std::string&>(), response.secrets);
  }
  const auto rejected = either("rejectedSpans", "rejected_spans");
  if (rejected == partial->end()) return result;
  if (rejected->is_number_unsigned()) result.rejected = rejected->get<uint64_t>();
  if (rejected->is_string()) {  // the JSON mapping of int64
    const auto& text = rejected->get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), result.rejected);
  }
  return result;
}

}  // namespace

std::string clean_text(std::string_view text) { return clean_text(text, {}); }

std::string clean_text(std::string_view text, const std::vector<std::string>& secrets) {
  return readable(trimmed(text), secrets, kTextBytesMax);
}

std::optional<Duration> parse_retry_info(std::string_view status) {
  google::rpc::Status parsed;
  if (!parses(parsed, status)) return std::nullopt;
  for (const auto& detail : parsed.details()) {
    google::rpc::RetryInfo info;
    if (!detail.type_url().ends_with("/google.rpc.RetryInfo") || !parses(info, detail.value())) {
      continue;
    }
    const int64_t seconds = std::min(info.retry_delay().seconds(), kDelaySecondsMax);
    if (seconds < 0) continue;
    return sensible(std::chrono::seconds(seconds) +
                    std::chrono::nanoseconds(info.retry_delay().nanos()));
  }
  return std::nullopt;
}

ServerError parse_server_error(const HttpResponse& response) {
  if (is_web_page(response)) return {.message = "a web page", .web_page = true};
  if (auto error = parse_json_error(response)) return *std::move(error);
  google::rpc::Status status;
  if (is_protobuf(media_type(response)) && !is_readable_text(response.body) &&
      is_status(response.body) && parses(status, response.body)) {
    return {.form = ErrorForm::kStatus,
            .status_code = status.code(),
            .message = clean_text(status.message(), response.secrets)};
  }
  return {.message = clean_text(response.body, response.secrets)};
}

bool is_web_page(const HttpResponse& response) {
  const std::string type = media_type(response);
  if (type == "text/html" || type == "application/xhtml+xml") return !response.body.empty();
  const std::string_view body = after_prolog(response.body);
  return starts_with_ignoring_case(body, "<!doctype html") ||
         starts_with_ignoring_case(body, "<html");
}

std::optional<PartialSuccess> parse_export_response(std::string_view protobuf,
                                                    const std::vector<std::string>& secrets) {
  ExportResponse response;
  if (protobuf.empty()) return PartialSuccess{};
  if (is_readable_text(protobuf) || !is_export_response(protobuf) || !parses(response, protobuf)) {
    return std::nullopt;
  }
  const auto& partial = response.partial_success();
  return PartialSuccess{static_cast<uint64_t>(std::max<int64_t>(partial.rejected_spans(), 0)),
                        clean_text(partial.error_message(), secrets)};
}

std::optional<PartialSuccess> parse_success(const HttpResponse& response) {
  if (trimmed(response.body).empty()) return PartialSuccess{};
  const std::string type = media_type(response);
  if (is_json(type)) return parse_json_success(response);
  if (is_protobuf(type)) return parse_export_response(response.body, response.secrets);
  if (!type.empty()) return std::nullopt;
  auto success = parse_export_response(response.body, response.secrets);
  return success ? success : parse_json_success(response);
}

}  // namespace dualtrace::agent
