#include "agent/send/answer.h"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <sstream>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace dualtrace::agent {
namespace {

using ExportResponse = opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
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

bool is_json(const HttpResponse& response) {
  return starts_with_ignoring_case(response.header("content-type"), "application/json");
}

std::string string_member(const json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<ServerError> parse_json_error(const std::string& body) {
  json root = json::parse(body, nullptr, false);
  if (root.is_object() && root.contains("error") && root["error"].is_object()) {
    root = json(root["error"]);
  }
  if (!root.is_object()) return std::nullopt;
  const std::string message = string_member(root, "message");
  if (message.empty()) return std::nullopt;
  return ServerError{clean_text(string_member(root, "error_code")), clean_text(message)};
}

}  // namespace

std::string clean_text(std::string_view text) {
  text = trimmed(text);
  size_t size = std::min(text.size(), kTextBytesMax);
  while (size > 0 && size < text.size() && (text[size] & 0xc0) == 0x80) --size;
  std::string clean(text.substr(0, size));
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  return clean;
}

std::optional<Duration> parse_retry_after(std::string_view header, WallTime now) {
  header = trimmed(header);
  if (header.empty()) return std::nullopt;
  uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (end == header.data() + header.size()) {
    if (error == std::errc::result_out_of_range) seconds = kDelaySecondsMax;
    const auto bounded = static_cast<int64_t>(std::min<uint64_t>(seconds, kDelaySecondsMax));
    return sensible(std::chrono::seconds(bounded));
  }
  std::tm date{};
  std::istringstream stream{std::string(header)};
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail()) return std::nullopt;
  const int64_t in_seconds = timegm(&date) - unix_nanos(now) / 1'000'000'000;
  return sensible(std::chrono::seconds(std::clamp<int64_t>(in_seconds, 0, kDelaySecondsMax)));
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
  if (const auto error = parse_json_error(response.body)) return *error;
  google::rpc::Status status;
  if (starts_with_ignoring_case(response.header("content-type"), "application/x-protobuf") &&
      parses(status, response.body)) {
    return ServerError{"", clean_text(status.message())};
  }
  if (is_html(response)) return ServerError{"", "an HTML page"};
  return ServerError{"", clean_text(response.body)};
}

bool is_html(const HttpResponse& response) {
  const std::string_view body = trimmed(response.body);
  return starts_with_ignoring_case(response.header("content-type"), "text/html") ||
         starts_with_ignoring_case(body, "<!doctype html") ||
         starts_with_ignoring_case(body, "<html");
}

PartialSuccess parse_partial_success(std::string_view protobuf) {
  ExportResponse response;
  if (!parses(response, protobuf)) return {};
  const auto& partial = response.partial_success();
  return {static_cast<uint64_t>(std::max<int64_t>(partial.rejected_spans(), 0)),
          clean_text(partial.error_message())};
}

PartialSuccess parse_partial_success(const HttpResponse& response) {
  if (!is_json(response)) return parse_partial_success(response.body);
  const json root = json::parse(response.body, nullptr, false);
  if (!root.is_object()) return {};
  const auto partial = root.find("partialSuccess");
  if (partial == root.end() || !partial->is_object()) return {};
  PartialSuccess result{0, clean_text(string_member(*partial, "errorMessage"))};
  const auto rejected = partial->find("rejectedSpans");  // a string, by the JSON mapping of int64
  if (rejected == partial->end()) return result;
  if (rejected->is_number_unsigned()) result.rejected = rejected->get<uint64_t>();
  if (rejected->is_string()) {
    const auto& text = rejected->get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), result.rejected);
  }
  return result;
}

}  // namespace dualtrace::agent
