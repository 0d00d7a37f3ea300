// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "agent/observe/ledger.h"
#include "common/time/rfc3339.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>dualtrace agent</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2330}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #e3e6ec;vertical-align:top}
th{font-weight:600;color:#5a6478}td.n{text-align:right;font-variant-numeric:tabular-nums}
.Idle,.Delivering,.yes{color:#12743b}.Retrying{color:#9a6200}.Paused,.no{color:#b3261e}
footer{margin-top:2rem;color:#5a6478}
@media(prefers-color-scheme:dark){body{background:#14181f;color:#dfe4ee}
th,td{border-color:#2b3240}th,footer{color:#93a0b8}a{color:#8ab4f8}
.Idle,.Delivering,.yes{color:#5fd38d}.Retrying{color:#f0b44c}.Paused,.no{color:#ff8a80}}
</style></head><body>
)";

std::string number_cell(uint64_t value) {
  return "<td class=\"n\">" + std::to_string(value) + "</td>";
}

std::string text_cell(std::string_view text) { return "<td>" + escape_html(text) + "</td>"; }

std::string ago(const std::optional<WallTime>& when, WallTime now) {
  return when ? human_seconds(report::seconds_since(*when, now)) + " ago" : "never";
}

std::string state_cell(std::string_view state) {
  return "<td class=\"" + std::string(state) + "\">" + std::string(state) + "</td>";
}

std::string note_row(const std::string& text) {
  return "<tr><td></td><td colspan=\"6\">" + escape_html(text) + "</td></tr>";
}

// Of files that cannot be used.
template <typename File>
std::string notes_of(const std::vector<File>& files) {
  std::string html;
  for (const File& file : files) {
    if (file.state == report::CredentialState::kLoaded) continue;
    html += note_row(file.part.text() + " is " + file.state.text() + ": " + file.why);
  }
  return html;
}

std::string notes_of(const LaneSnapshot& lane, WallTime now) {
  std::string html = notes_of(lane.credentials) + notes_of(lane.connection_files);
  for (const report::ConnectionFile& file : lane.connection_files) {
    if (!file.all_expired || *file.all_expired > now) continue;
    html += note_row(file.part.text() + " expired at " + rfc3339(*file.all_expired));
  }
  if (!lane.credential.why.empty()) html += note_row("credential: " + lane.credential.why);
  if (const auto& candidate = lane.credential.candidate) {
    html += note_row("changed credential " + candidate->fingerprint + " is " +
                     candidate->state.text() + ": " + candidate->why);
  }
  for (const report::Loss& loss : lane.status.losses) {
    html += note_row(loss.word.text() + " as " + loss.reason + ": " + std::to_string(loss.spans) +
                     " spans, " + std::to_string(loss.lately) + " of them recently" +
                     (loss.message.empty() ? "" : " – " + loss.message));
  }
  return html;
}

std::string lanes_table(const AgentSnapshot& snapshot) {
  std::string html =
      "<table><tr><th>destination</th><th>state</th><th>backlog</th><th>oldest</th>"
      "<th>in flight</th><th>last delivered</th><th>credential</th></tr>";
  for (const LaneSnapshot& lane : snapshot.lanes) {
    const LaneStatus& status = lane.status;
    const LaneBooks& books = status.books;
    const auto oldest = books.oldest_unsettled;
    html += "<tr>" + text_cell(status.name) + state_cell(to_string(status.state)) +
            text_cell(std::to_string(books.backlog_spans) + " spans, " +
                      human_bytes(books.backlog_bytes)) +
            text_cell(oldest ? human_seconds(report::seconds_since(*oldest, snapshot.now)) : "") +
            number_cell(status.requests_in_flight) +
            text_cell(ago(status.last_success, snapshot.now)) + text_cell(fingerprint_of(lane)) +
            "</tr>";
    html += notes_of(lane, snapshot.now);
    if (status.last_error) {
      html += note_row("last error " + ago(status.last_error->when, snapshot.now) + ": " +
                       status.last_error->reason + " – " + status.last_error->message);
    }
  }
  return html + "</table>";
}

std::string ledger_table(const AgentSnapshot& snapshot) {
  std::string html = "<table><tr><th>spans</th><th>accepted</th>";
  for (const LedgerWord& word : kLedgerWords) html += "<th>" + std::string(word.name) + "</th>";
  html += "<th>backlog</th><th>balanced</th></tr>";
  for (const LaneSnapshot& lane : snapshot.lanes) {
    const LaneBooks& books = lane.status.books;
    html += "<tr>" + text_cell(lane.status.name) + number_cell(books.accepted);
    for (const LedgerWord& word : kLedgerWords) html += number_cell(books.settled.*word.count);
    html += number_cell(books.backlog_spans) + state_cell(balanced(books) ? "yes" : "no") + "</tr>";
  }
  return html + "</table>";
}

std::string journals_table(const AgentSnapshot& snapshot) {
  std::string html =
      "<table><tr><th>journal</th><th></th><th>segments</th><th>disk</th><th>damaged</"
      "th><th>accepts data</th></tr>";
  for (const JournalSnapshot& journal : snapshot.journals) {
    html += "<tr>" + text_cell(journal.name) + text_cell(journal.adopted ? "adopted" : "own") +
            number_cell(journal.health.segments) +
            text_cell(human_bytes(journal.health.disk_bytes)) +
            number_cell(journal.health.damaged_segments) +
            state_cell(journal.adopted || journal.health.refusing ? "no" : "yes") + "</tr>";
  }
  return html + "</table>";
}

}  // namespace

std::string status_page(const AgentSnapshot& snapshot) {
  const auto unready = why_not_ready(snapshot);
  std::string html(kHead);
  html += "<h1>dualtrace agent " + escape_html(snapshot.version) + "</h1><p>";
  html += unready ? "<span class=\"no\">Not ready</span>: " + escape_html(*unready)
                  : std::string("<span class=\"yes\">Ready</span>");
  html += ", up " + human_seconds(report::seconds_since(snapshot.started, snapshot.now)) + ", " +
          human_bytes(snapshot.admission_bytes) + " of " +
          human_bytes(snapshot.admission_bytes_max) + " of receive memory in use.</p>";
  if (snapshot.configuration.state != report::ConfigurationState::kInForce) {
    html += "<p><span class=\"no\">The newest configuration is not in force</span>: " +
            escape_html(snapshot.configuration.state.text() + ": " + snapshot.configuration.why) +
            "</p>";
  }
  html += "<h2>Destinations</h2>" + lanes_table(snapshot);
  html += "<h2>Ledger</h2>" + ledger_table(snapshot);
  html += "<h2>Journals</h2>" + journals_table(snapshot);
  html += "<footer>As of " + rfc3339(snapshot.now) +
          ". <a href=\"/status\">JSON</a> · <a href=\"/metrics\">metrics</a></footer>"
          "</body></html>\n";
  return html;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, unit);
  return text.data();
}

std::string human_seconds(double seconds) {
  struct Unit {
    uint64_t seconds;
    char letter;
  };
  constexpr Unit kUnits[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
  auto left = static_cast<uint64_t>(std::max(0.0, std::floor(seconds)));
  std::string text;
  int shown = 0;
  for (const Unit& unit : kUnits) {
    const uint64_t count = left / unit.seconds;
    left %= unit.seconds;
    if (count == 0 && shown == 0) continue;
    if (count > 0) text += (text.empty() ? "" : " ") + std::to_string(count) + unit.letter;
    if (++shown == 2) break;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace dualtrace::agent
