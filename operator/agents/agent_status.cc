#include "operator/agents/agent_status.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "common/json/json.h"
#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kLanesMax = 8;
constexpr size_t kWordBytesMax = 64;
constexpr size_t kMessageBytesMax = 512;

// Not through the middle of a UTF-8 sequence.
std::string cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

std::string word_at(const Json& in, JsonPath path) { return cut(text_at(in, path), kWordBytesMax); }

LaneReport read_lane(const Json& lane) {
  const auto time_at = [&](std::string_view name) { return parse_rfc3339(text_at(lane, {name})); };
  return {.name = word_at(lane, {"name"}),
          .state = word_at(lane, {"state"}),
          .error_reason = word_at(lane, {"lastError", "reason"}),
          .error_message = cut(text_at(lane, {"lastError", "message"}), kMessageBytesMax),
          .backlog_bytes = static_cast<uint64_t>(
              std::max<int64_t>(0, integer_at(lane, {"backlogBytes"}).value_or(0))),
          .oldest_undelivered = time_at("oldestUndelivered"),
          .last_delivered = time_at("lastDelivered"),
          .credential_fingerprint = word_at(lane, {"credential", "fingerprint"})};
}

auto state_of(const LaneReport& lane) {
  return std::tie(lane.name, lane.state, lane.error_reason, lane.credential_fingerprint);
}

auto numbers_of(const LaneReport& lane) {
  return std::tie(lane.error_message, lane.backlog_bytes, lane.oldest_undelivered,
                  lane.last_delivered);
}

auto state_of(const AgentReport& report) {
  return std::make_tuple(report.unreachable.has_value(), std::cref(report.config_fingerprint),
                         std::cref(report.config_error));
}

}  // namespace

Result<AgentReport> parse_agent_status(std::string_view body) {
  const Result<Json> status = parse_json(body);
  if (!status || find(*status, {"lanes"}) == nullptr) {
    return fail(ErrorKind::kInvalid, "the answer is not an agent's status");
  }
  AgentReport report;
  report.config_fingerprint = word_at(*status, {"configuration", "fingerprint"});
  report.config_error = cut(text_at(*status, {"configuration", "error"}), kMessageBytesMax);
  for (const Json& lane : array_at(*status, {"lanes"})) {
    if (report.lanes.size() == kLanesMax) break;
    report.lanes.push_back(read_lane(lane));
  }
  return report;
}

ReportChange compare_reports(const AgentReport& before, const AgentReport& after) {
  const auto equal_lanes = [&](const auto& part) {
    return std::equal(before.lanes.begin(), before.lanes.end(), after.lanes.begin(),
                      after.lanes.end(),
                      [&](const LaneReport& a, const LaneReport& b) { return part(a) == part(b); });
  };
  if (state_of(before) != state_of(after) ||
      !equal_lanes([](const LaneReport& lane) { return state_of(lane); })) {
    return ReportChange::kState;
  }
  const bool same = before.unreachable == after.unreachable &&
                    equal_lanes([](const LaneReport& lane) { return numbers_of(lane); });
  return same ? ReportChange::kNone : ReportChange::kNumbers;
}

}  // namespace dualtrace::ctl
