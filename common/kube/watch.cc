#include "common/kube/watch.h"

#include <algorithm>
#include <utility>

#include "common/time/backoff.h"

namespace dualtrace::kube {
namespace {

constexpr Backoff kBackoff{.base = std::chrono::milliseconds(800), .max = std::chrono::seconds(30)};
constexpr std::string_view kExpired = "Expired";
constexpr Duration kHealthy = std::chrono::minutes(2);
// What ends a watch that stood for so long is a new trouble, and not more of the one before it.
constexpr Duration kStood = std::chrono::seconds(10);
constexpr Duration kRetryAfterMax = std::chrono::minutes(1);
// A watch that ends sooner than this was not served, whatever the status says.
constexpr Duration kWatchMin = std::chrono::seconds(1);
constexpr uint64_t kWatchSecondsMin = 300;
constexpr uint64_t kWatchSecondsMax = 600;

// 504 is its code; what tells it from a server that is slow is its text alone.
bool from_the_future(const Error& error) {
  return error.message.find("Too large resource version") != std::string::npos;
}

// The same request may succeed later.
bool passes(const Error& error) {
  if (from_the_future(error)) return false;
  switch (error.kind) {
    case ErrorKind::kThrottled:
    case ErrorKind::kUnavailable:
    case ErrorKind::kDenied:
    case ErrorKind::kCancelled:
      return true;
    default:
      return false;
  }
}

std::string_view version_of(const Json& object) {
  return text_at(object, {"metadata", "resourceVersion"});
}

bool is_identified(const Json& object) {
  return !text_at(object, {"metadata", "name"}).empty() && !version_of(object).empty();
}

// The Status that an ERROR event carries. A 500 within a stream is most often an event that the
// server cannot give out: watching again from before it would meet it again.
Error error_of(const Json& status) {
  const int64_t code = integer_at(status, {"code"}).value_or(0);
  const std::string_view reason = text_at(status, {"reason"});
  Error error{ErrorKind::kInternal, std::string(text_at(status, {"message"}))};
  if (code == 410 || reason == "Expired" || reason == "Gone") error.kind = ErrorKind::kExpired;
  if (code == 429) error.kind = ErrorKind::kThrottled;
  if (code == 503 || code == 504) error.kind = ErrorKind::kUnavailable;
  if (const auto seconds = integer_at(status, {"details", "retryAfterSeconds"})) {
    error.retry_after = std::chrono::seconds(std::clamp<int64_t>(*seconds, 0, 3600));
  }
  return error;
}

std::string_view word_for(const Error& error) {
  if (from_the_future(error)) return kExpired;
  switch (error.kind) {
    case ErrorKind::kExpired:
      return kExpired;
    case ErrorKind::kThrottled:
      return "Throttled";
    case ErrorKind::kUnavailable:
    case ErrorKind::kCancelled:
      return "Unavailable";
    case ErrorKind::kDenied:
      return "Denied";
    case ErrorKind::kExhausted:
      return "Overrun";
    default:
      return "Refused";
  }
}

// One step. Every `on` leaves the next phase in the state.
class Stepper {
 public:
  Stepper(WatchState& state, Tick now, Random& random)
      : out_{std::move(state)}, now_(now), random_(random) {}

  WatchStep take(WatchInput input) {
    std::visit([this](auto phase, auto what) { on(std::move(phase), std::move(what)); },
               std::exchange(out_.state.phase, Empty{}), std::move(input));
    return std::move(out_);
  }

 private:
  template <typename Phase, typename Input>
  void on(Phase phase, Input /*from before*/) {
    out_.state.phase = std::move(phase);
  }

  // The first list may be whatever the server has at hand; later ones must not go back in time.
  void on(Empty /*phase*/, Begin /*input*/) { send(Listing{"0"}); }

  void on(Listing listing, ListAnswered answer) {
    if (!answer.page) return list_failed(std::move(listing), answer.page.error());
    ListPage& page = *answer.page;
    if (page.resource_version.empty() ||
        !std::all_of(page.items.begin(), page.items.end(), is_identified)) {
      return list_failed(std::move(listing), {ErrorKind::kInvalid, "a list that cannot be read"});
    }
    for (Json& item : page.items) tell(WatchEvent::Kind::kListed, std::move(item));
    if (page.continue_token.empty()) {
      tell(WatchEvent::Kind::kInitDone);
      return watch(std::move(page.resource_version));
    }
    listing.continue_token = std::move(page.continue_token);
    ++listing.pages;
    send(std::move(listing));
  }

  void on(Listing listing, FellSilent /*input*/) {
    end("Silent", Error{ErrorKind::kUnavailable, "no answer to a list"});
    back_off(std::move(listing));
  }

  void on(Watching watching, LineCame line) {
    Result<Json> parsed = parse_json(line.line);
    const std::string_view type = parsed ? text_at(*parsed, {"type"}) : "";
    if (type == "ERROR") {
      const Json* status = find(*parsed, {"object"});
      return watch_failed(std::move(watching), error_of(status ? *status : Json()));
    }
    const bool applied = type == "ADDED" || type == "MODIFIED";
    const bool changed = applied || type == "DELETED";
    const Json* object = changed || type == "BOOKMARK" ? find(*parsed, {"object"}) : nullptr;
    if (!object || version_of(*object).empty() || (changed && !is_identified(*object))) {
      note_how_long_it_stood(watching);
      end("Unreadable", Error{ErrorKind::kInvalid, "a line of a watch that cannot be read"});
      return back_off(Listing{""});
    }
    watching.resource_version = version_of(*object);
    watching.changed = watching.changed || changed;
    if (changed) {
      tell(applied ? WatchEvent::Kind::kApplied : WatchEvent::Kind::kDeleted,
           std::move((*parsed)["object"]));
    }
    out_.state.phase = std::move(watching);
  }

  void on(Watching watching, WatchEnded ended) {
    if (!ended.status) return watch_failed(std::move(watching), ended.status.error());
    if (now_ - watching.opened >= kWatchMin) {
      end("Done");
      return watch(std::move(watching.resource_version));
    }
    if (watching.changed) {  // it got on, so that there is no reason to wait longer each time
      end("Short");
      return wait(std::move(watching), kBackoff.delay(1, random_));
    }
    end("Short", Error{ErrorKind::kUnavailable, "a watch ended as soon as it began"});
    back_off(std::move(watching));
  }

  void on(Watching watching, FellSilent /*input*/) {
    end("Silent");
    watch(std::move(watching.resource_version));
  }

  void on(BackingOff backing_off, WaitOver /*input*/) {
    if (auto* listing = std::get_if<Listing>(&backing_off.next)) return send(std::move(*listing));
    watch(std::move(std::get<Watching>(backing_off.next).resource_version));
  }

  // A page that could be had later is asked for again: those before it count.
  void list_failed(Listing listing, const Error& error) {
    const bool again = passes(error) || (listing.pages == 0 && error.kind != ErrorKind::kExpired &&
                                         !from_the_future(error));
    end(word_for(error), error);
    back_off(again ? std::move(listing) : Listing{""});
  }

  void watch_failed(Watching watching, const Error& error) {
    note_how_long_it_stood(watching);
    end(word_for(error), error);
    if (passes(error)) return back_off(std::move(watching));
    back_off(Listing{""});
  }

  void note_how_long_it_stood(const Watching& watching) {
    if (now_ - watching.opened >= kStood) out_.state.failures = 0;
  }

  void send(Listing listing) {
    if (listing.pages == 0) tell(WatchEvent::Kind::kInit);
    // A continue token carries its resourceVersion; the server refuses both together.
    out_.action =
        SendList{{.resource_version = listing.pages == 0 ? listing.resource_version : std::string(),
                  .continue_token = listing.continue_token}};
    out_.state.phase = std::move(listing);
  }

  void watch(std::string resource_version) {
    const uint64_t seconds =
        kWatchSecondsMin + random_.below(kWatchSecondsMax - kWatchSecondsMin + 1);
    out_.action = OpenWatch{resource_version, std::chrono::seconds(seconds)};
    out_.state.phase = Watching{std::move(resource_version), now_};
  }

  void back_off(std::variant<Listing, Watching> next) {
    WatchState& state = out_.state;
    if (now_ - state.last_failure > kHealthy) state.failures = 0;
    ++state.failures;
    state.last_failure = now_;
    // The server is well again after an outage, and has forgotten what we saw before it: there is
    // no reason to wait for as long as if it were not.
    const bool is_well = out_.end_reason == kExpired && !state.expired;
    state.expired = out_.end_reason == kExpired;
    const Duration asked = out_.error ? out_.error->retry_after.value_or(Duration(0)) : Duration(0);
    wait(std::move(next), std::max(kBackoff.delay(is_well ? 1 : state.failures, random_),
                                   std::min(asked, kRetryAfterMax)));
  }

  void wait(std::variant<Listing, Watching> next, Duration delay) {
    out_.action = Wait{delay};
    out_.state.phase = BackingOff{std::move(next)};
  }

  void tell(WatchEvent::Kind kind, Json object = {}) {
    out_.events.push_back({kind, std::move(object)});
  }

  void end(std::string_view reason, std::optional<Error> error = std::nullopt) {
    out_.end_reason = reason;
    out_.error = std::move(error);
  }

  WatchStep out_;
  const Tick now_;
  Random& random_;
};

}  // namespace

WatchStep step(WatchState state, WatchInput input, Tick now, Random& random) {
  return Stepper(state, now, random).take(std::move(input));
}

}  // namespace dualtrace::kube
