#include "agent/observe/status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/observe/ledger.h"
#include "common/time/rfc3339.h"

namespace dualtrace::agent {
namespace {

using Json = nlohmann::ordered_json;

Json time_or_null(const std::optional<WallTime>& when) {
  return when ? Json(rfc3339(*when)) : Json();
}

Json configuration_json(const ConfigurationSnapshot& configuration) {
  return {{"fingerprint", configuration.fingerprint},
          {"loaded", rfc3339(configuration.loaded)},
          {"error", configuration.error ? Json(*configuration.error) : Json()}};
}

Json lane_json(const LaneSnapshot& lane, WallTime now) {
  const LaneStatus& status = lane.status;
  const LaneBooks& books = status.books;
  Json spans = {{"accepted", books.accepted}};
  for (const LedgerWord& word : kLedgerWords) spans[word.name] = books.settled.*word.count;
  spans["backlog"] = books.backlog_spans;

  Json error;
  if (status.last_error) {
    error = {{"reason", status.last_error->reason},
             {"message", status.last_error->message},
             {"when", rfc3339(status.last_error->when)}};
  }
  Json oldest;
  if (books.oldest_unsettled) oldest = seconds_since(*books.oldest_unsettled, now);
  return {{"name", status.name},
          {"state", to_string(status.state)},
          {"spans", spans},
          {"balanced", balanced(books)},
          {"backlogBytes", books.backlog_bytes},
          {"oldestUndelivered", time_or_null(books.oldest_unsettled)},
          {"oldestUndeliveredSeconds", oldest},
          {"requestsInFlight", status.requests_in_flight},
          {"lastDelivered", time_or_null(status.last_success)},
          {"lastError", error},
          {"credential", {{"fingerprint", lane.credential_fingerprint}}}};
}

Json journal_json(const JournalSnapshot& journal) {
  return {{"name", journal.name},
          {"adopted", journal.adopted},
          {"segments", journal.health.segments},
          {"diskBytes", journal.health.disk_bytes},
          {"damagedSegments", journal.health.damaged_segments},
          {"refusing", journal.health.refusing},
          {"records", journal.totals.records},
          {"spans", journal.totals.spans}};
}

}  // namespace

double seconds_since(WallTime then, WallTime now) {
  return std::max(0.0, std::chrono::duration<double>(now - then).count());
}

std::string status_json(const AgentSnapshot& snapshot) {
  const auto unready = why_not_ready(snapshot);
  Json status = {{"version", snapshot.version},
                 {"started", rfc3339(snapshot.started)},
                 {"uptimeSeconds", seconds_since(snapshot.started, snapshot.now)},
                 {"ready", !unready.has_value()},
                 {"notReadyReason", unready.value_or("")},
                 {"configuration", configuration_json(snapshot.configuration)},
                 {"lanes", Json::array()},
                 {"journals", Json::array()},
                 {"admission",
                  {{"bytes", snapshot.admission_bytes},
                   {"bytesMax", snapshot.admission_bytes_max},
                   {"refusals", snapshot.admission_refusals}}}};
  for (const LaneSnapshot& lane : snapshot.lanes) {
    status["lanes"].push_back(lane_json(lane, snapshot.now));
  }
  for (const JournalSnapshot& journal : snapshot.journals) {
    status["journals"].push_back(journal_json(journal));
  }
  // What a destination said may not be UTF-8.
  return status.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dualtrace::agent
