// SPDX-License-Identifier: Apache-2.0
#include "common/report/report.h"

#include <algorithm>

#include "common/json/json.h"
#include "common/time/rfc3339.h"

namespace dualtrace::report {
namespace {

// For people and scripts: members keep the order in which they are written here.
using Ordered = nlohmann::ordered_json;

// Versions without the state word began the text about a refused configuration with this prefix.
// The text keeps it for operators of those versions.
constexpr std::string_view kRefusedPrefix = "refused: ";

// The ledger's words, in JSON and in Spans.
struct Count {
  const char* name;
  uint64_t Spans::*count;
};
constexpr Count kCounts[] = {
    {"accepted", &Spans::accepted}, {"delivered", &Spans::delivered},
    {"rejected", &Spans::rejected}, {"dead_lettered", &Spans::dead_lettered},
    {"expired", &Spans::expired},   {"filtered", &Spans::filtered},
    {"backlog", &Spans::backlog},
};

std::string word(std::string_view text) { return cut(text, kWordBytesMax); }

Ordered time_or_null(const std::optional<WallTime>& when) {
  return when ? Ordered(rfc3339(*when)) : Ordered();
}

Ordered seconds_or_null(const std::optional<WallTime>& then, const std::optional<WallTime>& now) {
  return then && now ? Ordered(seconds_since(*then, *now)) : Ordered();
}

Ordered configuration_json(const Configuration& configuration) {
  const bool refused = configuration.state.known() == ConfigurationState::kRefused;
  Ordered error;
  if (!configuration.why.empty() || refused) {
    error = (refused ? std::string(kRefusedPrefix) : "") + cut(configuration.why, kTextBytesMax);
  }
  return {{"fingerprint", word(configuration.fingerprint)},
          {"loaded", time_or_null(configuration.loaded)},
          {"state", word(configuration.state.text())},
          {"error", error}};
}

Ordered credential_json(const Credential& credential) {
  return {{"part", word(credential.part.text())},
          {"state", word(credential.state.text())},
          {"fingerprint", word(credential.fingerprint)},
          {"why", cut(credential.why, kTextBytesMax)},
          {"unusableFingerprint", word(credential.unusable_fingerprint)}};
}

Ordered connection_file_json(const ConnectionFile& file) {
  return {{"part", word(file.part.text())},        {"state", word(file.state.text())},
          {"fingerprint", word(file.fingerprint)}, {"why", cut(file.why, kTextBytesMax)},
          {"expires", time_or_null(file.expires)}, {"allExpired", time_or_null(file.all_expired)}};
}

Ordered identity_json(const TokenIdentity& identity) {
  Ordered audiences = Ordered::array();
  for (size_t i = 0; i < std::min(identity.audiences.size(), kAudiencesMax); ++i) {
    audiences.push_back(cut(identity.audiences[i], kTextBytesMax));
  }
  return {{"issuer", cut(identity.issuer, kTextBytesMax)},
          {"subject", cut(identity.subject, kTextBytesMax)},
          {"audiences", audiences}};
}

Ordered candidate_json(const CandidateCredential& candidate) {
  return {{"fingerprint", word(candidate.fingerprint)},
          {"state", word(candidate.state.text())},
          {"reason", word(candidate.reason)},
          {"why", cut(candidate.why, kTextBytesMax)},
          {"since", time_or_null(candidate.since)}};
}

Ordered previous_json(const PreviousCredential& previous) {
  return {{"fingerprint", word(previous.fingerprint)},
          {"lastUsed", time_or_null(previous.last_used)}};
}

template <typename Item>
Ordered json_or_null(const std::optional<Item>& item, Ordered (*one_json)(const Item&)) {
  return item ? one_json(*item) : Ordered();
}

Ordered in_use_json(const Lane& lane) {
  const CredentialInUse& in_use = lane.credential;
  return {{"fingerprint", word(lane.credential_fingerprint)},
          {"kind", word(in_use.kind.text())},
          {"since", time_or_null(in_use.since)},
          {"expires", time_or_null(in_use.expires)},
          {"why", cut(in_use.why, kTextBytesMax)},
          {"identity", json_or_null(in_use.identity, identity_json)},
          {"candidate", json_or_null(in_use.candidate, candidate_json)},
          {"previous", json_or_null(in_use.previous, previous_json)}};
}

Ordered loss_json(const Loss& loss) {
  return {{"word", word(loss.word.text())},
          {"reason", word(loss.reason)},
          {"spans", loss.spans},
          {"spansLately", loss.lately},
          {"last", time_or_null(loss.last)},
          {"message", cut(loss.message, kTextBytesMax)}};
}

template <typename Item>
Ordered list_json(const std::vector<Item>& items, size_t most, Ordered (*one_json)(const Item&)) {
  Ordered list = Ordered::array();
  for (size_t i = 0; i < std::min(items.size(), most); ++i) list.push_back(one_json(items[i]));
  return list;
}

Ordered lane_json(const Lane& lane, const std::optional<WallTime>& now) {
  Ordered spans;
  for (const Count& count : kCounts) spans[count.name] = lane.spans.*count.count;
  Ordered error;
  if (lane.last_error) {
    error = {{"reason", word(lane.last_error->reason)},
             {"message", cut(lane.last_error->message, kTextBytesMax)},
             {"when", time_or_null(lane.last_error->when)},
             {"cause", word(lane.last_error->cause)}};
  }
  return {{"name", word(lane.name)},
          {"state", word(lane.state.text())},
          {"spans", spans},
          {"balanced", lane.balanced},
          {"backlogBytes", lane.backlog_bytes},
          {"oldestUndelivered", time_or_null(lane.oldest_undelivered)},
          {"oldestUndeliveredSeconds", seconds_or_null(lane.oldest_undelivered, now)},
          {"requestsInFlight", lane.requests_in_flight},
          {"lastDelivered", time_or_null(lane.last_delivered)},
          {"lastError", error},
          {"credential", in_use_json(lane)},
          {"credentials", list_json(lane.credentials, kCredentialsMax, credential_json)},
          {"connectionFiles",
           list_json(lane.connection_files, kConnectionFilesMax, connection_file_json)},
          {"losses", list_json(lane.losses, kLossesMax, loss_json)}};
}

Ordered journal_json(const Journal& journal) {
  return {{"name", word(journal.name)},
          {"adopted", journal.adopted},
          {"segments", journal.segments},
          {"diskBytes", journal.disk_bytes},
          {"damagedSegments", journal.damaged_segments},
          {"refusing", journal.refusing},
          {"records", journal.records},
          {"spans", journal.spans}};
}

// Reading: a field that is missing or invalid reads as nothing.

std::string word_at(const Json& in, JsonPath path) { return word(text_at(in, path)); }

std::string text_within(const Json& in, JsonPath path) {
  return cut(text_at(in, path), kTextBytesMax);
}

std::optional<WallTime> time_at(const Json& in, JsonPath path) {
  const auto when = parse_rfc3339(text_at(in, path));
  // Normalized to UTC: a time that its offset moves out of the valid years is invalid.
  return when ? parse_rfc3339(rfc3339(*when)) : std::nullopt;
}

bool flag_at(const Json& in, JsonPath path, bool missing) {
  const Json* found = find(in, path);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : missing;
}

Configuration read_configuration(const Json& from) {
  Configuration read{.fingerprint = word_at(from, {"fingerprint"}),
                     .loaded = time_at(from, {"loaded"}),
                     .state = word_at(from, {"state"}),
                     .why = std::string(text_at(from, {"error"}))};
  const bool prefixed = read.why.starts_with(kRefusedPrefix);
  if (read.state.text().empty()) {  // a version without this word
    const auto not_in_force =
        prefixed ? ConfigurationState::kRefused : ConfigurationState::kNeedsRestart;
    read.state = read.why.empty() ? ConfigurationState::kInForce : not_in_force;
  }
  if (prefixed && read.state.known() == ConfigurationState::kRefused) {
    read.why.erase(0, kRefusedPrefix.size());
  }
  read.why = cut(read.why, kTextBytesMax);
  return read;
}

std::optional<LastError> read_error(const Json& from) {
  const Json* error = find(from, {"lastError"});
  if (error == nullptr || !error->is_object()) return std::nullopt;
  return LastError{.reason = word_at(*error, {"reason"}),
                   .message = text_within(*error, {"message"}),
                   .when = time_at(*error, {"when"}),
                   .cause = word_at(*error, {"cause"})};
}

Credential read_credential(const Json& from) {
  return {.part = word_at(from, {"part"}),
          .state = word_at(from, {"state"}),
          .fingerprint = word_at(from, {"fingerprint"}),
          .why = text_within(from, {"why"}),
          .unusable_fingerprint = word_at(from, {"unusableFingerprint"})};
}

ConnectionFile read_connection_file(const Json& from) {
  return {.part = word_at(from, {"part"}),
          .state = word_at(from, {"state"}),
          .fingerprint = word_at(from, {"fingerprint"}),
          .why = text_within(from, {"why"}),
          .expires = time_at(from, {"expires"}),
          .all_expired = time_at(from, {"allExpired"})};
}

TokenIdentity read_identity(const Json& from) {
  TokenIdentity read{.issuer = text_within(from, {"issuer"}),
                     .subject = text_within(from, {"subject"})};
  const Json& audiences = array_at(from, {"audiences"});
  for (size_t i = 0; i < std::min(audiences.size(), kAudiencesMax); ++i) {
    if (audiences[i].is_string()) read.audiences.push_back(text_within(audiences[i], {}));
  }
  return read;
}

CandidateCredential read_candidate(const Json& from) {
  return {.fingerprint = word_at(from, {"fingerprint"}),
          .state = word_at(from, {"state"}),
          .reason = word_at(from, {"reason"}),
          .why = text_within(from, {"why"}),
          .since = time_at(from, {"since"})};
}

PreviousCredential read_previous(const Json& from) {
  return {.fingerprint = word_at(from, {"fingerprint"}), .last_used = time_at(from, {"lastUsed"})};
}

template <typename Item>
std::optional<Item> read_object(const Json& from, const char* name, Item (*read_one)(const Json&)) {
  const Json* found = find(from, {name});
  if (found == nullptr || !found->is_object()) return std::nullopt;
  return read_one(*found);
}

CredentialInUse read_in_use(const Json& lane) {
  const Json* found = find(lane, {"credential"});
  if (found == nullptr) return {};
  return {.kind = word_at(*found, {"kind"}),
          .since = time_at(*found, {"since"}),
          .expires = time_at(*found, {"expires"}),
          .why = text_within(*found, {"why"}),
          .identity = read_object(*found, "identity", read_identity),
          .candidate = read_object(*found, "candidate", read_candidate),
          .previous = read_object(*found, "previous", read_previous)};
}

Loss read_loss(const Json& from) {
  return {.word = word_at(from, {"word"}),
          .reason = word_at(from, {"reason"}),
          .spans = count_at(from, {"spans"}),
          .lately = count_at(from, {"spansLately"}),
          .last = time_at(from, {"last"}),
          .message = text_within(from, {"message"})};
}

template <typename Item>
std::vector<Item> read_list(const Json& list, size_t most, Item (*read_one)(const Json&)) {
  std::vector<Item> items;
  for (size_t i = 0; i < std::min(list.size(), most); ++i) items.push_back(read_one(list[i]));
  return items;
}

Lane read_lane(const Json& from) {
  Lane lane{
      .name = word_at(from, {"name"}),
      .state = word_at(from, {"state"}),
      .balanced = flag_at(from, {"balanced"}, true),
      .backlog_bytes = count_at(from, {"backlogBytes"}),
      .oldest_undelivered = time_at(from, {"oldestUndelivered"}),
      .requests_in_flight = count_at(from, {"requestsInFlight"}),
      .last_delivered = time_at(from, {"lastDelivered"}),
      .last_error = read_error(from),
      .credential_fingerprint = word_at(from, {"credential", "fingerprint"}),
      .credential = read_in_use(from),
      .credentials = read_list(array_at(from, {"credentials"}), kCredentialsMax, read_credential),
      .connection_files =
          read_list(array_at(from, {"connectionFiles"}), kConnectionFilesMax, read_connection_file),
      .losses = read_list(array_at(from, {"losses"}), kLossesMax, read_loss)};
  for (const Count& count : kCounts)
    lane.spans.*count.count = count_at(from, {"spans", count.name});
  return lane;
}

Journal read_journal(const Json& from) {
  return {.name = word_at(from, {"name"}),
          .adopted = flag_at(from, {"adopted"}, false),
          .segments = count_at(from, {"segments"}),
          .disk_bytes = count_at(from, {"diskBytes"}),
          .damaged_segments = count_at(from, {"damagedSegments"}),
          .refusing = flag_at(from, {"refusing"}, false),
          .records = count_at(from, {"records"}),
          .spans = count_at(from, {"spans"})};
}

}  // namespace

std::string to_json(const Agent& agent) {
  Ordered made = {{"version", word(agent.version)},
                  {"now", time_or_null(agent.now)},
                  {"started", time_or_null(agent.started)},
                  {"uptimeSeconds", seconds_or_null(agent.started, agent.now)},
                  {"ready", agent.not_ready_reason.empty()},
                  {"notReadyReason", cut(agent.not_ready_reason, kTextBytesMax)},
                  {"configuration", configuration_json(agent.configuration)},
                  {"lanes", Ordered::array()},
                  {"journals", list_json(agent.journals, kJournalsMax, journal_json)},
                  {"disk", word(agent.disk)},
                  {"admission",
                   {{"bytes", agent.admission.bytes},
                    {"bytesMax", agent.admission.bytes_max},
                    {"refusals", agent.admission.refusals},
                    {"bytesConfigured", agent.admission.bytes_configured},
                    {"memoryLimit", agent.admission.memory_limit}}}};
  for (const Lane& lane : agent.lanes) {
    if (made["lanes"].size() < kLanesMax) made["lanes"].push_back(lane_json(lane, agent.now));
  }
  // A destination's message may not be valid UTF-8.
  return made.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Result<Agent> parse(std::string_view json) {
  const Result<Json> from = parse_json(json);
  if (!from || find(*from, {"lanes"}) == nullptr) {
    return fail(ErrorKind::kInvalid, "the answer is not an agent's status");
  }
  Agent agent{.version = word_at(*from, {"version"}),
              .now = time_at(*from, {"now"}),
              .started = time_at(*from, {"started"}),
              .not_ready_reason = text_within(*from, {"notReadyReason"})};
  const Json* configuration = find(*from, {"configuration"});
  agent.configuration = read_configuration(configuration == nullptr ? Json() : *configuration);
  agent.lanes = read_list(array_at(*from, {"lanes"}), kLanesMax, read_lane);
  agent.journals = read_list(array_at(*from, {"journals"}), kJournalsMax, read_journal);
  agent.disk = word_at(*from, {"disk"});
  agent.admission = {.bytes = count_at(*from, {"admission", "bytes"}),
                     .bytes_max = count_at(*from, {"admission", "bytesMax"}),
                     .refusals = count_at(*from, {"admission", "refusals"}),
                     .bytes_configured = count_at(*from, {"admission", "bytesConfigured"}),
                     .memory_limit = count_at(*from, {"admission", "memoryLimit"})};
  return agent;
}

std::string losses_to_json(const std::vector<Loss>& losses) {
  const Ordered made = {{"losses", list_json(losses, kLossesMax, loss_json)}};
  return made.dump(-1, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Result<std::vector<Loss>> parse_losses(std::string_view json) {
  const Result<Json> from = parse_json(json);
  if (!from || find(*from, {"losses"}) == nullptr) {
    return fail(ErrorKind::kInvalid, "it is not a list of losses");
  }
  return read_list(array_at(*from, {"losses"}), kLossesMax, read_loss);
}

double seconds_since(WallTime then, WallTime now) {
  return std::max(0.0, std::chrono::duration<double>(now - then).count());
}

std::string cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  size_t end = bytes_max;
  while (end > 0 && continues(text[end])) --end;
  return std::string(text.substr(0, end));
}

}  // namespace dualtrace::report
