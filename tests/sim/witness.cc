// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/witness.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "common/bytes/base64.h"
#include "common/io/crc32c.h"

namespace dualtrace::agent::sim {
namespace {

// The lane looks for expired data once a second, and treats a clock change of less than a minute as
// a correction.
constexpr Duration kAgeSlack = std::chrono::minutes(2);

template <typename... Parts>
void require(bool holds, const Parts&... parts) {
  if (holds) return;
  std::string what;
  const auto add = [&what](const auto& part) {
    if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(part)>>) {
      what += std::to_string(part);
    } else {
      what += part;
    }
    what += ' ';
  };
  (add(parts), ...);
  throw Violation{what};
}

std::string letters_folder(size_t lane) {
  return std::string("/data/dead-letters/") + kLaneNames[lane];
}

}  // namespace

uint32_t Witness::journal_at(const std::string& folder) {
  const auto [known, fresh] =
      journal_numbers_.emplace(folder, static_cast<uint32_t>(journals_.size()));
  if (fresh) journals_.emplace_back().folder = folder;
  return known->second;
}

void Witness::opening(uint32_t journal, const std::array<bool, kLanes>& lanes) {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    journals_[journal].lanes[lane].may_be_new |= !lanes[lane];
  }
}

void Witness::opened(uint32_t journal, uint32_t life, Durability durability,
                     const std::array<bool, kLanes>& lanes, Journal& opened) {
  JournalModel& model = journals_[journal];
  model.durability = durability;
  if (durability == Durability::kMemory) model.lossy = true;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    LaneModel& at = model.lanes[lane];
    if (!lanes[lane]) {
      // No longer configured: its backlog is given up. If it is configured again, it starts over.
      for (const uint32_t request : model.appended) state(lane, request) = RecordState::kGone;
      at = LaneModel{};
      continue;
    }
    const LaneBooks books = opened.lane(kLaneNames[lane]).books();
    const bool is_new = at.may_be_new && books.settled.sum() == 0 && books.accepted == 0;
    if (at.present && !is_new) {
      resume(model, lane, life, books);
      at.may_be_new = false;
    } else {
      for (const uint32_t request : model.appended) state(lane, request) = RecordState::kGone;
      at = LaneModel{};
      at.present = true;
      at.next = model.appended.size();
      require(books.settled.sum() == 0 && books.backlog_spans == 0, "the new", kLaneNames[lane],
              "has", books.settled.sum(), "spans settled and", books.backlog_spans, "waiting in",
              model.folder);
    }
    at.accepted_at_open = books.accepted;
    at.ok_since_open = 0;
  }
}

// The cursor is at the last sync, or at one that failed but may have been durable.
void Witness::resume(JournalModel& journal, size_t lane, uint32_t life, const LaneBooks& books) {
  LaneModel& at = journal.lanes[lane];
  const auto found =
      std::find_if(at.snapshots.rbegin(), at.snapshots.rend(),
                   [&](const Snapshot& each) { return each.settled == books.settled; });
  require(found != at.snapshots.rend(), journal.folder, kLaneNames[lane],
          "the books after a restart match no sync: delivered", books.settled.delivered,
          "dead-lettered", books.settled.dead_lettered, "expired", books.settled.expired,
          "and the last that were:", at.snapshots.front().settled.delivered,
          at.snapshots.front().settled.dead_lettered, at.snapshots.front().settled.expired);
  const Snapshot durable = *found;
  for (size_t i = 0; i < at.log.size(); ++i) {
    const uint32_t request = at.log[i];
    RecordState& record = state(lane, request);
    record = i < durable.log_size ? RecordState::kDurable : RecordState::kUnread;
    if (record == RecordState::kUnread) {
      at.next = std::min<size_t>(at.next, requests_[request].position);
    }
  }
  at.log.clear();
  unread(at, lane, RecordState::kUnread);
  for (const auto& [request, copies] : at.moved) {
    RecordState& record = state(lane, request);
    if (record == RecordState::kCarried) record = RecordState::kUnread;
    if (record == RecordState::kUnread) {
      at.next = std::min<size_t>(at.next, requests_[request].position);
    }
  }
  at.settled = durable.settled;
  at.snapshots = {{durable.settled, 0}};
  trace_.add("resumes", kLaneNames[lane], life, at.next);
}

void Witness::unread(LaneModel& at, size_t lane, RecordState copies) {
  for (const auto& [sequence, record] : at.open) {
    state(lane, record.request) = record.copy ? copies : RecordState::kUnread;
    at.next = std::min<size_t>(at.next, requests_[record.request].position);
  }
  at.open.clear();
  at.open_spans = 0;
  at.open_bytes = 0;
  at.ended = 0;
}

void Witness::rewound(uint32_t journal, size_t lane) {
  unread(journals_[journal].lanes[lane], lane, RecordState::kCarried);
  trace_.add("rewinds", kLaneNames[lane], journals_[journal].lanes[lane].next);
}

void Witness::appended(uint32_t journal, uint32_t life, uint32_t request) {
  JournalModel& model = journals_[journal];
  Request& sent = requests_[request];
  sent.journal = journal;
  sent.position = static_cast<uint32_t>(model.appended.size());
  sent.life = life;
  sent.sent = clock_.tick();
  model.appended.push_back(request);
  for (size_t lane = 0; lane < kLanes; ++lane) {
    states_[lane].resize(requests_.size(), RecordState::kUnread);
    spans_[lane].resize(requests_.spans());
    if (!model.lanes[lane].present) state(lane, request) = RecordState::kGone;
  }
}

void Witness::answered(uint32_t request, const Status& status) {
  Request& sent = requests_[request];
  require(sent.answer == Answer::kNone, "request", request, "is answered twice");
  if (!status) {
    sent.answer = Answer::kRefused;
    return;
  }
  sent.answer = Answer::kOk;
  ok_spans_ += sent.spans;
  // A step is one task, so all requests of this step were in the same group.
  if (std::exchange(group_step_, trace_.step()) != trace_.step()) group_bytes_ = 0;
  group_bytes_ += sent.bytes;
  require(group_bytes_ <= limits_.queue_bytes_max, "a group has", group_bytes_, "bytes");
  JournalModel& model = journals_[sent.journal];
  if (model.durability == Durability::kMemory) model.ok_unsynced.push_back(request);
  for (LaneModel& lane : model.lanes) lane.ok_since_open += sent.spans;
}

void Witness::cursor_removed(const std::string& path) {
  const size_t slash = path.rfind('/');
  const auto known = journal_numbers_.find(path.substr(0, slash));
  if (known == journal_numbers_.end()) return;
  JournalModel& model = journals_[known->second];
  for (size_t lane = 0; lane < kLanes; ++lane) {
    LaneModel& at = model.lanes[lane];
    if (path.substr(slash + 1) != std::string("cursor-") + kLaneNames[lane]) continue;
    if (!std::exchange(at.may_be_new, true)) check_drained(model, lane);
  }
}

// The journal is removed, so the lane must be done with it, durably.
void Witness::check_drained(const JournalModel& journal, size_t lane) {
  for (const uint32_t request : journal.appended) {
    const RecordState record = state(lane, request);
    const Request& sent = requests_[request];
    require(record == RecordState::kDurable || record == RecordState::kGone ||
                sent.answer != Answer::kOk || sent.may_be_lost,
            journal.folder, "is removed, with request", request, "in it for", kLaneNames[lane]);
  }
}

void Witness::read(uint32_t journal, size_t lane, uint32_t life, const JournalRead& read,
                   const LaneBooks& books) {
  JournalModel& model = journals_[journal];
  if (const auto* record = std::get_if<JournalRecord>(&read)) {
    read_record(model, lane, life, *record);
  } else if (const auto* damage = std::get_if<JournalDamage>(&read)) {
    read_damage(model, lane, *damage);
  } else {
    read_end(model, lane, books);
  }
}

// The lane is past a record that it has not read.
void Witness::check_passed_over(const JournalModel& journal, size_t lane, uint32_t request) {
  const RecordState record = state(lane, request);
  if (record == RecordState::kSettled || record == RecordState::kDurable ||
      record == RecordState::kGone || journal.lanes[lane].moved.contains(request)) {
    return;
  }
  const Request& sent = requests_[request];
  require(sent.answer != Answer::kOk || sent.may_be_lost, "request", request,
          "was answered OK, and is not in", journal.folder, "for", kLaneNames[lane]);
}

void Witness::read_record(JournalModel& journal, size_t lane, uint32_t life,
                          const JournalRecord& record) {
  LaneModel& at = journal.lanes[lane];
  const uint32_t number = requests_.request_in(record.payload);
  const Request& sent = requests_[number];
  trace_.add(record.carried_for ? "read copy" : "read", kLaneNames[lane], record.sequence, number);
  if (record.carried_for) return read_copy(at, lane, number, record);
  require(sent.spans == record.spans && sent.bytes == record.payload.size() &&
              sent.crc == crc32c(record.payload, 0),
          "request", number, "differs in the journal from what was sent");
  require(sent.position < journal.appended.size() && journal.appended[sent.position] == number &&
              sent.position >= at.next,
          "request", number, "is read out of order by", kLaneNames[lane]);
  require(state(lane, number) == RecordState::kUnread, "request", number, "is read by",
          kLaneNames[lane], "although it was settled or is held");
  require(sent.answer != Answer::kRefused || sent.life != life, "request", number,
          "is read although it was refused");
  for (; at.next < sent.position; ++at.next) {
    const uint32_t passed = journal.appended[at.next];
    check_passed_over(journal, lane, passed);
    const bool lost = state(lane, passed) == RecordState::kUnread && !at.moved.contains(passed);
    if (lost) state(lane, passed) = RecordState::kGone;
  }
  ++at.next;
  open(at, lane, number, record);
}

void Witness::read_copy(LaneModel& at, size_t lane, uint32_t request, const JournalRecord& record) {
  const auto moved = at.moved.find(request);
  require(moved != at.moved.end() && moved->second.contains(crc32c(record.payload, 0)), "request",
          request, "is read as a copy that was never made or has other bytes");
  const RecordState known = state(lane, request);
  require(known == RecordState::kCarried || known == RecordState::kUnread, "request", request,
          "is read as a copy by", kLaneNames[lane], "although it was settled or is held");
  open(at, lane, request, record);
}

void Witness::open(LaneModel& at, size_t lane, uint32_t request, const JournalRecord& record) {
  state(lane, request) = RecordState::kRead;
  OpenRecord opened{.request = request,
                    .spans = requests_.spans_in(record.payload),
                    .bytes = record.payload.size(),
                    .copy = record.carried_for.has_value()};
  require(opened.spans.size() == record.spans, "a record has the wrong number of spans");
  at.open_spans += opened.spans.size();
  at.open_bytes += opened.bytes;
  at.open.emplace(record.sequence, std::move(opened));
}

void Witness::check_moved(const LaneModel& at, size_t lane) {
  for (const auto& [request, copies] : at.moved) {
    const RecordState record = state(lane, request);
    const Request& sent = requests_[request];
    require((record != RecordState::kUnread && record != RecordState::kCarried) ||
                sent.answer != Answer::kOk || sent.may_be_lost,
            "request", request, "was carried over, and is nowhere for", kLaneNames[lane]);
  }
}

void Witness::read_end(JournalModel& journal, size_t lane, const LaneBooks& books) {
  LaneModel& at = journal.lanes[lane];
  // A refused record may still appear after a restart.
  for (at.ended = std::max(at.ended, at.next); at.ended < journal.appended.size(); ++at.ended) {
    const uint32_t request = journal.appended[at.ended];
    if (requests_[request].answer == Answer::kNone) break;
    check_passed_over(journal, lane, request);
  }
  check_moved(at, lane);
  require(books.backlog_spans == at.open_spans, kLaneNames[lane], "has read all, and holds",
          at.open_spans, "spans, but its books say", books.backlog_spans);
  require(books.backlog_bytes >= at.open_bytes, kLaneNames[lane], "has read all, and holds",
          at.open_bytes, "bytes, but its books say", books.backlog_bytes);
}

void Witness::read_damage(JournalModel& journal, size_t lane, const JournalDamage& damage) {
  LaneModel& at = journal.lanes[lane];
  trace_.add("damage", kLaneNames[lane], damage.first, damage.last);
  require(journal.lossy, "records", damage.first, "to", damage.last,
          "cannot be read, although no fault of the disk explains it");
  at.settled.dead_lettered += damage.spans;
}

void Witness::unreadable(uint32_t journal, size_t lane, uint32_t life, uint64_t sequence) {
  JournalModel& model = journals_[journal];
  trace_.add("damage", kLaneNames[lane], sequence, sequence);
  require(model.lossy, "record", sequence,
          "cannot be read again, although no fault of the disk explains it");
  for (const uint64_t span : model.lanes[lane].open.at(sequence).spans) {
    at(lane, span, lane_of(lane, life)).verdicts = 2;
    letters_[lane].insert(span);
  }
}

void Witness::settled(uint32_t journal, size_t lane, uint32_t life, uint64_t sequence,
                      const SpanCounts& counts) {
  JournalModel& model = journals_[journal];
  LaneModel& at = model.lanes[lane];
  const auto open = at.open.find(sequence);
  require(open != at.open.end(), "record", sequence, "is settled, but was not read");
  const uint32_t number = open->second.request;
  trace_.add("settled", kLaneNames[lane], sequence, counts.delivered);
  check_words(open->second, lane, lane_of(lane, life), counts);
  at.settled += counts;
  at.open_spans -= open->second.spans.size();
  at.open_bytes -= open->second.bytes;
  at.open.erase(open);
  at.log.push_back(number);
  state(lane, number) = RecordState::kSettled;
}

uint64_t Witness::carrying(uint32_t journal, size_t lane, uint32_t life, const CarryOver& rest) {
  LaneModel& at = journals_[journal].lanes[lane];
  const auto open = at.open.find(rest.sequence);
  require(open != at.open.end(), "record", rest.sequence, "is carried over, but was not read");
  require(requests_.spans_in(rest.payload).size() == rest.spans,
          "a record is carried over with the wrong number of spans");
  trace_.add("carries over", kLaneNames[lane], rest.sequence, rest.spans);
  at.moved[open->second.request].insert(crc32c(rest.payload, 0));
  return lane_of(lane, life);
}

void Witness::carried(uint32_t journal, size_t lane, uint64_t lane_life, const CarryOver& rest) {
  LaneModel& at = journals_[journal].lanes[lane];
  const auto open = at.open.find(rest.sequence);
  require(open != at.open.end(), "record", rest.sequence, "is carried over, but was not held");
  OpenRecord& record = open->second;
  at.open_spans -= record.spans.size();
  at.open_bytes -= record.bytes;
  for (const uint64_t span : requests_.spans_in(rest.payload)) std::erase(record.spans, span);
  check_words(record, lane, lane_life, rest.ended);
  at.settled += rest.ended;
  state(lane, record.request) = RecordState::kCarried;
  // It returns like a new record, with different framing.
  for (const uint64_t span : requests_.spans_in(rest.payload)) {
    spans_[lane][span].body_spans = 0;
    spans_[lane][span].verdicts = 0;
  }
  trace_.add("carried over", kLaneNames[lane], rest.sequence, record.request);
  at.open.erase(open);
}

// Each span has an outcome that its history allows.
void Witness::check_words(const OpenRecord& record, size_t lane, uint64_t lane_life,
                          const SpanCounts& counts) {
  if (counts.dead_lettered > 0) find_letters();
  uint64_t delivered = 0;
  uint64_t refused = 0;
  for (const uint64_t span : record.spans) {
    switch (at(lane, span, lane_life).state) {
      case SpanState::kDelivered:
        ++delivered;
        break;
      case SpanState::kInFlight:
        throw Violation{"span " + std::to_string(span) + " is settled while it is in flight"};
      case SpanState::kIdle:
        refused += convicted(at(lane, span, lane_life)) && letters_[lane].contains(span) ? 1 : 0;
        break;
    }
  }
  require(counts.sum() == record.spans.size(),
          "a record is settled with the wrong number of spans");
  require(counts.delivered + counts.rejected == delivered, kLaneNames[lane],
          "settles as delivered or rejected", counts.delivered + counts.rejected, "spans, but",
          delivered, "were");
  require(counts.dead_lettered <= refused, kLaneNames[lane], "settles as dead-lettered",
          counts.dead_lettered, "spans, but", refused, "were refused and have a letter");
  Rejected& rejected = rejected_[{lane_life, lane}];
  rejected.settled += counts.rejected;
  require(rejected.settled <= rejected.told, kLaneNames[lane], "settles as rejected",
          rejected.settled, "spans, but", rejected.told, "were");
  require(counts.filtered == 0, "nothing filters");
  if (counts.expired > 0) check_expiry(requests_[record.request], lane);
}

void Witness::check_expiry(const Request& request, size_t lane) const {
  const Duration age = clock_.tick() - request.sent;
  const bool too_old = age + unseen_jumps_ + kAgeSlack >= limits_.age_max;
  const bool too_much = over_limit_[lane] >= request.sent;
  require(too_old || too_much, kLaneNames[lane], "let spans expire at an age of",
          std::chrono::duration<double>(age).count(), "s without a reason");
}

void Witness::sync_begins(uint32_t journal, size_t lane) {
  LaneModel& at = journals_[journal].lanes[lane];
  at.snapshots.push_back({at.settled, at.log.size()});
}

void Witness::synced(uint32_t journal, size_t lane) {
  LaneModel& at = journals_[journal].lanes[lane];
  for (const uint32_t request : at.log) {
    state(lane, request) = RecordState::kDurable;
    at.moved.erase(request);
  }
  at.log.clear();
  at.snapshots = {{at.settled, 0}};
}

// If memory is short, all parts of a record are joined again and judged together.
bool Witness::is_record(size_t lane, const std::vector<uint64_t>& spans) const {
  return std::any_of(journals_.begin(), journals_.end(), [&](const JournalModel& journal) {
    const auto& open = journal.lanes[lane].open;
    return std::any_of(open.begin(), open.end(),
                       [&](const auto& entry) { return entry.second.spans == spans; });
  });
}

std::vector<uint64_t> Witness::sent(size_t lane, uint32_t life, const ExportRequest& request,
                                    size_t batch_bytes_max) {
  const std::string body = request.body->plain().joined();
  std::vector<uint64_t> spans = requests_.spans_in(body);
  trace_.add("sent", kLaneNames[lane], spans.empty() ? 0 : spans.front(), spans.size());
  require(!spans.empty() && spans.size() == request.spans, "a request to", kLaneNames[lane],
          "has the wrong number of spans");
  require(request.body->size() <= batch_bytes_max || spans.size() == 1, "a request to",
          kLaneNames[lane], "is too large");
  const bool whole_again = spans.size() > 1 && is_record(lane, spans);
  for (const uint64_t span : spans) {
    SpanAtLane& each = at(lane, span, lane_of(lane, life));
    if (whole_again) each.verdicts = 0;
    require(each.state != SpanState::kInFlight, "span", span, "is sent twice at the same time");
    require(each.state != SpanState::kDelivered, "span", span,
            "is sent again although the destination handled it");
    require(each.verdicts == 0 || spans.size() == 1, "span", span,
            "was refused alone but is sent with others");
    each.state = SpanState::kInFlight;
  }
  SpanAtLane& first = at(lane, spans.front(), lane_of(lane, life));
  const uint32_t crc = crc32c(body, 0);
  require(first.body_spans != spans.size() || first.body_crc == crc, "the request from span",
          spans.front(), "on is sent again with other bytes");
  first.body_spans = static_cast<uint32_t>(spans.size());
  first.body_crc = crc;
  return spans;
}

void Witness::judged(size_t lane, uint32_t life, const std::vector<uint64_t>& spans,
                     const Outcome& outcome) {
  trace_.add("answered", to_string(outcome.kind), spans.front(), spans.size());
  if (outcome.kind == OutcomeKind::kPartly) {
    rejected_[{lane_of(lane, life), lane}].told +=
        std::min<uint64_t>(outcome.rejected, spans.size());
  }
  const bool alone = spans.size() == 1;
  const auto together = std::make_shared<std::set<uint64_t>>(spans.begin(), spans.end());
  uint64_t& delivered = delivered_[{lane_of(lane, life), lane}];
  for (const uint64_t span : spans) {
    SpanAtLane& each = at(lane, span, lane_of(lane, life));
    each.state = SpanState::kIdle;
    const auto refused = [&] {
      if (!alone) {
        each.refused_with = together;
        return;
      }
      // Everything it was refused with has since passed, so that verdict was about this span.
      if (each.refused_with && each.refused_with->size() == 1) {
        ++each.verdicts;
        each.refused_with.reset();
      } else if (each.verdicts > 0 && delivered == each.delivered_at_verdict) {
        return;
      }
      ++each.verdicts;
      each.delivered_at_verdict = delivered;
    };
    switch (outcome.kind) {
      case OutcomeKind::kDelivered:
      case OutcomeKind::kPartly:
        each.state = SpanState::kDelivered;
        if (each.refused_with) each.refused_with->erase(span);
        break;
      case OutcomeKind::kSplit:
        refused();
        break;
      case OutcomeKind::kRefuse:
        if (outcome.verdict) refused();
        break;
      case OutcomeKind::kRetry:
      case OutcomeKind::kPause:
        break;
    }
  }
  delivered += outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly;
}

void Witness::died(uint32_t life) {
  for (auto& model : journals_) {
    for (auto request = model.appended.rbegin(); request != model.appended.rend(); ++request) {
      Request& sent = requests_[*request];
      if (sent.life != life) break;
      if (sent.answer == Answer::kNone) sent.answer = Answer::kLost;
    }
  }
}

void Witness::power_went() {
  for (auto& model : journals_) {
    for (const uint32_t request : std::exchange(model.ok_unsynced, {})) {
      requests_[request].may_be_lost = true;
    }
  }
}

void Witness::segment_synced(const std::string& path, bool well) {
  const auto known = journal_numbers_.find(path.substr(0, path.rfind('/')));
  if (known == journal_numbers_.end()) return;
  JournalModel& model = journals_[known->second];
  for (const uint32_t request : std::exchange(model.ok_unsynced, {})) {
    requests_[request].may_be_lost |= !well;
  }
  if (well) return;
  // Refused records may be found by a restart, and be gone after the next power loss.
  model.lossy = true;
  if (model.durability == Durability::kDisk) return;
  for (auto request = model.appended.rbegin(); request != model.appended.rend(); ++request) {
    if (requests_[*request].answer != Answer::kNone) break;
    requests_[*request].may_be_lost = true;  // it may already be among them
  }
}

void Witness::check_books(uint32_t journal, size_t lane, const LaneBooks& books) {
  const LaneModel& at = journals_[journal].lanes[lane];
  require(books.settled == at.settled, kLaneNames[lane],
          "books settled spans that were not:", books.settled.sum(), at.settled.sum());
  require(books.accepted == at.accepted_at_open + at.ok_since_open, kLaneNames[lane], "accepted",
          books.accepted, "spans, but", at.accepted_at_open + at.ok_since_open, "were");
  require(books.accepted == books.settled.sum() + books.backlog_spans, "the books of",
          kLaneNames[lane], "do not balance");
  require(books.backlog_spans >= at.open_spans && books.backlog_bytes >= at.open_bytes,
          kLaneNames[lane], "has less waiting than it has read");
}

void Witness::note_backlog(size_t lane, uint64_t bytes) {
  if (bytes > limits_.backlog_bytes_max) over_limit_[lane] = clock_.tick();
}

void Witness::check_rejected(uint32_t life) const {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const auto found = rejected_.find({lane_of(lane, life), lane});
    if (found == rejected_.end()) continue;
    require(found->second.settled == found->second.told, kLaneNames[lane], "settled as rejected",
            found->second.settled, "spans, but", found->second.told, "were");
  }
}

void Witness::check_end() const {
  for (const JournalModel& model : journals_) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      if (!model.lanes[lane].present) continue;
      for (const uint32_t request : model.appended) {
        const RecordState record = states_[lane][request];
        const Request& sent = requests_[request];
        if (sent.answer != Answer::kOk || sent.may_be_lost) continue;
        require(record == RecordState::kDurable || record == RecordState::kSettled ||
                    record == RecordState::kGone,
                "request", request, "was answered OK and never reached", kLaneNames[lane]);
      }
    }
  }
}

// A letter counts only if it survives a power loss.
void Witness::find_letters() {
  if (!std::exchange(letters_changed_, false)) return;
  for (size_t lane = 0; lane < kLanes; ++lane) {
    const std::string folder = letters_folder(lane);
    for (const std::string& name : files_.names(folder)) {
      if (!name.ends_with(".jsonl")) continue;
      const std::string content = files_.durable_content(folder + "/" + name);
      std::istringstream lines(content);
      for (std::string line; std::getline(lines, line) && !lines.eof();) {
        const auto letter = nlohmann::json::parse(line, nullptr, false);
        if (letter.is_discarded()) continue;  // the remains of a failed append
        const auto request = decode_base64(letter["request"].get<std::string>());
        for (const uint64_t span : requests_.spans_in(*request)) letters_[lane].insert(span);
      }
    }
  }
}

Witness::RecordState& Witness::state(size_t lane, uint32_t request) {
  return states_[lane][request];
}

Witness::SpanAtLane& Witness::at(size_t lane, uint64_t span, uint64_t lane_life) {
  SpanAtLane& each = spans_[lane][span];
  if (each.life != lane_life) each = {.life = lane_life};
  return each;
}

void Witness::replaced(size_t lane, uint32_t life) {
  ++replaced_[{life, lane}];
  trace_.add("replaced", kLaneNames[lane], life);
}

uint64_t Witness::lane_of(size_t lane, uint32_t life) const {
  const auto found = replaced_.find({life, lane});
  return (uint64_t{life} << 32) + (found == replaced_.end() ? 0 : found->second);
}

}  // namespace dualtrace::agent::sim
