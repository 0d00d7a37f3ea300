// SPDX-License-Identifier: Apache-2.0
#pragma once
// The logic of an informer: decides what to do next after each event. The initial list arrives as a
// stream or, if the server does not support that, page by page. The watch then continues
// indefinitely. Used by reflector.cc, which has the network, the timers and the shelf.
// Pure: time and randomness are arguments.
//
// Flow: Empty → Streaming → Watching → Watching …, or Empty → Streaming → Listing → Watching …;
//   every failure goes through BackingOff.
// Guarantees: an object's changes are reported in the server's order. Changes that a disconnected
//   watch missed come from the next watch, which continues from the last resourceVersion seen, or
//   from a new list.
// Errors: an error after which the watch cannot continue (history no longer kept, a resourceVersion
//   of the future, a line that cannot be read) leads to a new list of the current state; a
//   temporary one (throttling, no connection, 5xx, rejected credentials) leads to the same request
//   again. But a list is never requested in the same way forever: after a failed stream come pages,
//   a failed page is requested with fewer objects, and after pages whose history is no longer kept
//   comes a stream.
// Limits: no sequence of failures causes a busy loop: each failure leads to a wait, longer each
//   time, until two minutes have passed without one, or a watch has lasted for ten seconds.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/kube/list_watch.h"
#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

inline constexpr uint32_t kPageObjectsMax = 500;
inline constexpr uint32_t kPageObjectsMin = 25;

struct Empty {
  bool operator==(const Empty&) const = default;
};
// A watch that started with all existing objects and has not marked their end yet.
struct Streaming {
  bool begun = false;  // an object has arrived

  bool operator==(const Streaming&) const = default;
};
struct Listing {
  std::string continue_token{};  // of the page that is being requested
  uint32_t pages = 0;            // read so far
  uint32_t limit = kPageObjectsMax;

  bool operator==(const Listing&) const = default;
};
struct Watching {
  std::string resource_version;  // everything up to this version was seen
  Tick opened{};
  bool changed = false;  // it brought a change, not only bookmarks

  bool operator==(const Watching&) const = default;
};
struct BackingOff {
  std::variant<Streaming, Listing, Watching> next;

  bool operator==(const BackingOff&) const = default;
};

struct WatchState {
  std::variant<Empty, Streaming, Listing, Watching, BackingOff> phase;
  uint32_t failures = 0;  // in a row
  Tick last_failure{};
  bool expired = false;     // the last failure was that history is no longer kept
  bool no_streams = false;  // the server does not support streamed lists

  bool operator==(const WatchState&) const = default;
};

// How long the server may be silent. Bookmarks come about every minute. A streamed list starts
// immediately, or the server is waiting for something that never comes (an etcd that reports no
// progress).
[[nodiscard]] Duration silence_max(const WatchState& state);

// One line of a watch, parsed on the thread that received it.
struct WatchLine {
  enum class Kind { kUnreadable, kApplied, kDeleted, kBookmark, kError };

  Kind kind = Kind::kUnreadable;
  std::string version{};   // not of an error
  bool ends_list = false;  // of a bookmark: all existing objects have arrived
  Json object{};           // of a change; prepared by make_keepable()
  std::optional<Error> error{};
};
[[nodiscard]] WatchLine read_watch_line(std::string_view text, const Selection& selection);

// What happened. An input that does not fit the state is outdated, and is ignored.
struct Begin {};
struct ListAnswered {
  Result<ListPage> page;
};
struct LineCame {
  WatchLine line;
};
struct WatchEnded {
  Status status;
};
// Nothing has arrived for so long that nothing will.
struct FellSilent {};
struct WaitOver {};
using WatchInput = std::variant<Begin, ListAnswered, LineCame, WatchEnded, FellSilent, WaitOver>;

// What to do. Anything but GoOn also ends the list, watch or wait in progress.
struct GoOn {
  bool operator==(const GoOn&) const = default;
};
struct SendList {
  ListRequest request;
};
struct OpenWatch {
  WatchRequest request;
};
struct Wait {
  Duration delay;
};
using WatchAction = std::variant<GoOn, SendList, OpenWatch, Wait>;

// What to report to the shelf: kInit, kListed or kUnlisted …, kInitDone for a list (kInit again:
// discard what was listed), kApplied and kDeleted for a watch.
struct WatchEvent {
  enum class Kind { kInit, kListed, kUnlisted, kInitDone, kApplied, kDeleted };

  Kind kind = Kind::kInit;
  Json object{};  // null for kInit and kInitDone
};

struct WatchStep {
  WatchState state;
  WatchAction action{};
  std::vector<WatchEvent> events{};
  // Why a list or a watch ended, one of a few words for the metrics; "" if none did.
  std::string_view end_reason{};
  std::optional<Error> error{};  // set if it was a failure
};

[[nodiscard]] WatchStep step(WatchState state, WatchInput input, Tick now, Random& random);

}  // namespace dualtrace::kube
