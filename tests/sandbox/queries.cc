// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/queries.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

constexpr std::array<std::string_view, 7> kJsonColumns{
    "attributes", "events", "links", "status", "resource", "instrumentation_scope", "headers"};

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Columns with JSON are inserted verbatim.
Result<std::string> rows_json(Statement& statement) {
  std::string text = "[";
  while (true) {
    auto row = statement.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    text += text.size() > 1 ? ",\n{" : "{";
    for (int column = 0; column < statement.columns(); ++column) {
      if (column > 0) text += ",";
      text += quoted(statement.name(column)) + ":";
      if (statement.is_null(column)) {
        text += "null";
      } else if (statement.is_number(column) ||
                 std::ranges::find(kJsonColumns, statement.name(column)) != kJsonColumns.end()) {
        text += statement.text(column);
      } else {
        text += quoted(statement.text(column));
      }
    }
    text += "}";
  }
  return text + "]\n";
}

}  // namespace

Result<std::unique_ptr<Queries>> Queries::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return fail(database.error().with_prefix(path + ": "));
  return std::unique_ptr<Queries>(new Queries(*std::move(database)));
}

Result<std::string> Queries::spans(const SpanFilter& filter) {
  Lock lock(mutex_);
  std::string sql =
      "SELECT request_id, destination, record_id, time, date, service_name, trace_id, span_id, "
      "parent_span_id, trace_state, flags, name, kind, start_time_unix_nano, end_time_unix_nano, "
      "attributes, dropped_attributes_count, events, dropped_events_count, links, "
      "dropped_links_count, status, resource, resource_schema_url, span_schema_url, "
      "instrumentation_scope, hex(sha256) AS sha256, copy FROM spans WHERE TRUE";
  if (filter.destination) sql += " AND destination = ?";
  if (filter.trace_id) sql += " AND trace_id = ?";
  if (filter.name) sql += " AND name = ?";
  sql += " ORDER BY id LIMIT ?";
  auto statement = database_.prepare(sql);
  if (!statement) return fail(statement.error());
  for (const auto* value : {&filter.destination, &filter.trace_id, &filter.name})
    if (*value) statement->bind(**value);
  statement->bind(filter.limit);
  return rows_json(*statement);
}

Result<std::string> Queries::requests(const std::string& destination, int64_t limit) {
  Lock lock(mutex_);
  auto statement = database_.prepare(
      "SELECT id, destination, protocol, table_name, arrived_unix_nano, headers, bytes, outcome, "
      "fault, spans_received, spans_stored, spans_rejected, spans_swallowed FROM requests "
      "WHERE destination = ?1 OR ?1 = '' ORDER BY id LIMIT ?2");
  if (!statement) return fail(statement.error());
  statement->bind(destination).bind(limit);
  return rows_json(*statement);
}

Result<std::string> Queries::ids(const std::string& destination) {
  Lock lock(mutex_);
  auto statement = database_.prepare(
      "SELECT trace_id, span_id, COUNT(*) FROM spans WHERE destination = ? "
      "GROUP BY trace_id, span_id");
  if (!statement) return fail(statement.error());
  statement->bind(destination);
  std::string text;
  while (true) {
    auto row = statement->step();
    if (!row) return fail(row.error());
    if (!*row) return text;
    text.append(statement->text(0)).append(" ").append(statement->text(1)).append(" ");
    text.append(statement->text(2)).append("\n");
  }
}

}  // namespace dualtrace::sandbox
