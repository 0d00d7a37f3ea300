// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch.h"

#include <algorithm>
#include <utility>

#include "common/time/backoff.h"

namespace dualtrace::kube {
namespace {

constexpr Backoff kBackoff{.base = std::chrono::milliseconds(800), .max = std::chrono::seconds(30)};
constexpr std::string_view kExpired = "Expired";
constexpr Duration kHealthy = std::chrono::minutes(2);
// The end of a watch that lasted this long is a new problem, not a continuation of an earlier one.
constexpr Duration kStood = std::chrono::seconds(10);
constexpr Duration kRetryAfterMax = std::chrono::minutes(1);
// A watch that ends sooner than this was not served properly, whatever its status.
constexpr Duration kWatchMin = std::chrono::seconds(1);
constexpr uint64_t kWatchSecondsMin = 300;
constexpr uint64_t kWatchSecondsMax = 600;
constexpr Duration kSilenceMax = std::chrono::seconds(150);
constexpr Duration kStreamSilenceMax = std::chrono::seconds(10);
constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

// Its code is 504; only its text distinguishes it from a slow server.
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

// The Status in an ERROR event. A 500 within a stream is mostly an event that the server cannot
// deliver: a watch from before that event would fail again.
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

// One step. Every `on` sets the next phase in the state.
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
  using Next = decltype(BackingOff::next);

  template <typename Phase, typename Input>
  void on(Phase phase, Input /*from before*/) {
    out_.state.phase = std::move(phase);
  }

  void on(Empty /*phase*/, Begin /*input*/) { go_on_with(list_anew()); }

  void on(Streaming streaming, LineCame came) {
    WatchLine& line = came.line;
    switch (line.kind) {
      case WatchLine::Kind::kError:
        return stream_failed(streaming, *line.error);
      case WatchLine::Kind::kUnreadable:
        return stream_failed(streaming,
                             {ErrorKind::kCorrupt, "a line of a watch that cannot be read"});
      case WatchLine::Kind::kApplied:
        tell(WatchEvent::Kind::kListed, std::move(line.object));
        break;
      case WatchLine::Kind::kDeleted:  // after it was listed in the same stream
        tell(WatchEvent::Kind::kUnlisted, std::move(line.object));
        break;
      case WatchLine::Kind::kBookmark:
        // An old server treats the request as a watch from any version and never marks the end of
        // the list. Its first bookmark shows that.
        if (!line.ends_list) {
          return stream_failed(streaming,
                               {ErrorKind::kUnavailable, "the streamed list has no end"});
        }
        tell(WatchEvent::Kind::kInitDone);
        out_.state.phase = Watching{std::move(line.version), now_};
        return;
    }
    streaming.begun = true;
    out_.state.phase = streaming;
  }

  void on(Streaming streaming, WatchEnded ended) {
    stream_failed(streaming, ended.status
                                 ? Error{ErrorKind::kUnavailable, "the streamed list was cut off"}
                                 : ended.status.error());
  }

  void on(Streaming /*phase*/, FellSilent /*input*/) {
    end("Silent", Error{ErrorKind::kUnavailable, "the streamed list stopped sending"});
    back_off(Listing{});
  }

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
    listing.limit = std::min(2 * listing.limit, kPageObjectsMax);
    send(std::move(listing));
  }

  void on(Listing listing, FellSilent /*input*/) {
    end("Silent", Error{ErrorKind::kUnavailable, "no answer to a list"});
    back_off(smaller(std::move(listing)));
  }

  void on(Watching watching, LineCame came) {
    WatchLine& line = came.line;
    if (line.kind == WatchLine::Kind::kError) {
      return watch_failed(std::move(watching), *line.error);
    }
    if (line.kind == WatchLine::Kind::kUnreadable) {
      note_how_long_it_stood(watching);
      end("Unreadable", Error{ErrorKind::kInvalid, "a line of a watch that cannot be read"});
      return back_off(list_anew());
    }
    watching.resource_version = std::move(line.version);
    if (line.kind != WatchLine::Kind::kBookmark) {
      watching.changed = true;
      tell(line.kind == WatchLine::Kind::kApplied ? WatchEvent::Kind::kApplied
                                                  : WatchEvent::Kind::kDeleted,
           std::move(line.object));
    }
    out_.state.phase = std::move(watching);
  }

  void on(Watching watching, WatchEnded ended) {
    if (!ended.status) return watch_failed(std::move(watching), ended.status.error());
    if (now_ - watching.opened >= kWatchMin) {
      end("Done");
      return watch(std::move(watching.resource_version));
    }
    if (watching.changed) {  // it made progress, so there is no reason to wait longer each time
      end("Short");
      return wait(std::move(watching), kBackoff.delay(1, random_));
    }
    end("Short", Error{ErrorKind::kUnavailable, "the watch ended as soon as it started"});
    back_off(std::move(watching));
  }

  void on(Watching watching, FellSilent /*input*/) {
    end("Silent");
    watch(std::move(watching.resource_version));
  }

  void on(BackingOff backing_off, WaitOver /*input*/) { go_on_with(std::move(backing_off.next)); }

  void go_on_with(Next next) {
    if (std::holds_alternative<Streaming>(next)) return stream();
    if (auto* listing = std::get_if<Listing>(&next)) return send(std::move(*listing));
    watch(std::move(std::get<Watching>(next).resource_version));
  }

  [[nodiscard]] Next list_anew() const {
    if (out_.state.no_streams) return Listing{};
    return Streaming{};
  }

  static Listing smaller(Listing listing) {
    listing.limit = std::max(listing.limit / 2, kPageObjectsMin);
    return listing;
  }

  // Continue with pages, whatever the error was: they work wherever a stream does.
  void stream_failed(const Streaming& streaming, const Error& error) {
    // Not a failure: an old server, or one with an old etcd, which reports it only within the
    // stream, as an internal error.
    const bool refused = error.kind == ErrorKind::kInvalid ||
                         (error.kind == ErrorKind::kInternal && !streaming.begun);
    if (!refused) {
      end(word_for(error), error);
      return back_off(Listing{});
    }
    out_.state.no_streams = error.kind == ErrorKind::kInvalid;
    end("NoStreams");
    send(Listing{});
  }

  // If the error is temporary, the page is requested again, so that earlier pages are not wasted.
  // It may have been too large for the server or the network.
  void list_failed(Listing listing, const Error& error) {
    const bool again = passes(error) || (listing.pages == 0 && error.kind != ErrorKind::kExpired &&
                                         !from_the_future(error));
    const bool too_much =
        error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kExhausted;
    end(word_for(error), error);
    if (!again) return back_off(list_anew());
    back_off(too_much ? smaller(std::move(listing)) : std::move(listing));
  }

  void watch_failed(Watching watching, const Error& error) {
    note_how_long_it_stood(watching);
    end(word_for(error), error);
    if (passes(error)) return back_off(std::move(watching));
    back_off(list_anew());
  }

  void note_how_long_it_stood(const Watching& watching) {
    if (now_ - watching.opened >= kStood) out_.state.failures = 0;
  }

  void stream() {
    tell(WatchEvent::Kind::kInit);
    open({.lists_first = true});
    out_.state.phase = Streaming{};
  }

  void send(Listing listing) {
    if (listing.pages == 0) tell(WatchEvent::Kind::kInit);
    out_.action = SendList{{.continue_token = listing.continue_token, .limit = listing.limit}};
    out_.state.phase = std::move(listing);
  }

  void watch(std::string resource_version) {
    open({.resource_version = resource_version});
    out_.state.phase = Watching{std::move(resource_version), now_};
  }

  void open(WatchRequest request) {
    request.lasting = std::chrono::seconds(kWatchSecondsMin +
                                           random_.below(kWatchSecondsMax - kWatchSecondsMin + 1));
    out_.action = OpenWatch{std::move(request)};
  }

  void back_off(Next next) {
    WatchState& state = out_.state;
    if (now_ - state.last_failure > kHealthy) state.failures = 0;
    ++state.failures;
    state.last_failure = now_;
    // The server has recovered from an outage and no longer keeps the history from before it: there
    // is no reason to wait as long as during the outage.
    const bool is_well = out_.end_reason == kExpired && !state.expired;
    state.expired = out_.end_reason == kExpired;
    const Duration asked = out_.error ? out_.error->retry_after.value_or(Duration(0)) : Duration(0);
    wait(std::move(next), std::max(kBackoff.delay(is_well ? 1 : state.failures, random_),
                                   std::min(asked, kRetryAfterMax)));
  }

  void wait(Next next, Duration delay) {
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

Duration silence_max(const WatchState& state) {
  return std::holds_alternative<Streaming>(state.phase) ? kStreamSilenceMax : kSilenceMax;
}

WatchLine read_watch_line(std::string_view text, const Selection& selection) {
  WatchLine line;
  Result<Json> parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) return line;
  const std::string_view type = text_at(*parsed, {"type"});
  const auto object = parsed->find("object");
  if (type == "ERROR") {
    line.kind = WatchLine::Kind::kError;
    line.error = error_of(object == parsed->end() ? Json() : *object);
    return line;
  }
  const bool applied = type == "ADDED" || type == "MODIFIED";
  const bool changed = applied || type == "DELETED";
  if (object == parsed->end() || !(changed || type == "BOOKMARK") || version_of(*object).empty() ||
      (changed && !is_identified(*object))) {
    return line;
  }
  line.version = version_of(*object);
  if (!changed) {
    line.kind = WatchLine::Kind::kBookmark;
    line.ends_list = text_at(*object, {"metadata", "annotations", kInitialEventsEnd}) == "true";
    return line;
  }
  line.kind = applied ? WatchLine::Kind::kApplied : WatchLine::Kind::kDeleted;
  make_keepable(selection, *object);
  line.object = std::move(*object);
  return line;
}

WatchStep step(WatchState state, WatchInput input, Tick now, Random& random) {
  return Stepper(state, now, random).take(std::move(input));
}

}  // namespace dualtrace::kube
