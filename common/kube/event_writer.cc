// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_writer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/kube/momentary_error.h"
#include "common/time/rfc3339.h"

namespace dualtrace::kube {
namespace {

constexpr Duration kSeriesGap = std::chrono::minutes(6);
constexpr int kTriesMax = 3;
constexpr Duration kPause = std::chrono::seconds(1);
constexpr Duration kPauseMax = std::chrono::seconds(10);
constexpr size_t kNameBytesMax = 253;
constexpr size_t kWordBytesMax = 128;
constexpr size_t kNoteBytesMax = 1024;

// Cut between two UTF-8 characters.
std::string cut(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  return std::string(text.substr(0, bytes_max));
}

std::string hex(int64_t number) {
  char digits[16];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number, 16).ptr;
  return {std::begin(digits), end};
}

std::string_view type_of(const Event& event) {
  return event.type == Event::Type::kWarning ? "Warning" : "Normal";
}

std::string identity_of(const Event& event) {
  return to_text(
      Json::array({event.regarding, type_of(event), event.reason, event.action, event.note}));
}

}  // namespace

Json reference_to(const Json& object) {
  Json reference = Json::object();
  const auto copy = [&](const char* name, JsonPath path) {
    if (const std::string_view text = text_at(object, path); !text.empty()) reference[name] = text;
  };
  copy("apiVersion", {"apiVersion"});
  copy("kind", {"kind"});
  copy("namespace", {"metadata", "namespace"});
  copy("name", {"metadata", "name"});
  copy("uid", {"metadata", "uid"});
  return reference;
}

EventWriter::EventWriter(EventRecorder::Options options, Api& api, Clock& clock, Pause pause)
    : options_(std::move(options)), api_(api), clock_(clock), pause_(std::move(pause)) {}

Result<EventWriter::Written> EventWriter::write(const Event& event) {
  const Tick now = clock_.tick();
  std::erase_if(memory_, [&](const auto& entry) { return now - entry.second.last >= kSeriesGap; });
  const std::string identity = identity_of(event);
  const auto known = memory_.find(identity);
  if (known == memory_.end()) return create(event, identity);
  known->second.last = now;
  const Status continued = continue_series(known->second);
  if (continued) return Written::kSeries;
  if (continued.error().kind != ErrorKind::kNotFound) return fail(continued.error());
  return create(event, identity);  // events expire after an hour, or somebody deletes them
}

Result<EventWriter::Written> EventWriter::create(const Event& event, const std::string& identity) {
  const ObjectKey key = next_key(event);
  const Json object = object_of(event, key);
  bool again = false;
  const Status created = try_to([&]() -> Status {
    const auto answer = api_.create(kEvents, object);
    // The previous attempt succeeded after all.
    const bool there = !answer && again && answer.error().kind == ErrorKind::kConflict;
    again = true;
    if (!answer && !there) return fail(answer.error());
    return {};
  });
  if (!created) {
    memory_.erase(identity);
    return fail(created.error());
  }
  remember(identity, key);
  return Written::kCreated;
}

Status EventWriter::continue_series(Remembered& remembered) {
  ++remembered.count;
  const Json patch{
      {"series",
       {{"count", remembered.count}, {"lastObservedTime", rfc3339_micros(clock_.wall())}}}};
  return try_to([&]() -> Status {
    const auto answer = api_.merge_patch(kEvents, remembered.key, patch);
    if (!answer) return fail(answer.error());
    return {};
  });
}

Status EventWriter::try_to(const std::function<Status()>& call) {
  Duration pause = kPause;
  for (int tries = 1;; ++tries) {
    const Status done = call();
    if (done || tries == kTriesMax || !is_momentary(done.error())) return done;
    const Duration asked = done.error().retry_after.value_or(Duration(0));
    if (!pause_(std::clamp(asked, pause, kPauseMax))) return done;
    pause *= 2;
  }
}

void EventWriter::remember(const std::string& identity, const ObjectKey& key) {
  if (memory_.size() >= kRememberedMax && !memory_.contains(identity)) {
    memory_.erase(std::min_element(
        memory_.begin(), memory_.end(),
        [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  memory_.insert_or_assign(identity, Remembered{key, 1, clock_.tick()});
}

Json EventWriter::object_of(const Event& event, const ObjectKey& key) const {
  return {{"apiVersion", kEvents.api_version()},
          {"kind", kEvents.kind},
          {"metadata", {{"namespace", key.namespace_name}, {"name", key.name}}},
          {"eventTime", rfc3339_micros(clock_.wall())},
          {"reportingController", options_.controller},
          {"reportingInstance", cut(options_.instance, kWordBytesMax)},
          {"regarding", event.regarding},
          {"type", type_of(event)},
          {"reason", cut(event.reason, kWordBytesMax)},
          {"action", cut(event.action, kWordBytesMax)},
          {"note", cut(event.note, kNoteBytesMax)}};
}

ObjectKey EventWriter::next_key(const Event& event) {
  last_number_ = std::max(last_number_ + 1, unix_nanos(clock_.wall()));
  const std::string suffix = "." + hex(last_number_);
  std::string name = cut(text_at(event.regarding, {"name"}), kNameBytesMax - suffix.size());
  // A cut text may end with a character with which no part of a name may end.
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
  const std::string_view namespace_name = text_at(event.regarding, {"namespace"});
  return {namespace_name.empty() ? "default" : std::string(namespace_name), name + suffix};
}

}  // namespace dualtrace::kube
