// SPDX-License-Identifier: Apache-2.0
#pragma once
// The thinking of an informer: what to do next, given what happened. All that there is comes in a
// stream, or, where the server has no such streams, page by page; then the watch goes on, for ever.
// Used by reflector.cc, which has the network, the timers and the shelf; here is none of them.
// Pure: time and randomness come in.
//
// Flow: Empty → Streaming → Watching → Watching …, or Empty → Streaming → Listing → Watching …;
//   every failure goes through BackingOff.
// Guarantees: an object's changes come out in the server's order. What a torn watch missed comes
//   out of the next watch, which goes on from the last resourceVersion seen, or of a new list.
// Errors: what cannot be gone on from (history no longer kept, a resourceVersion of the future, a
//   line that cannot be read) is followed by a new list of what is true now; what only has to pass
//   (throttling, no connection, 5xx, refused credentials) by the same request again. But never is a
//   list asked for in the same way for ever: a streamed one that failed is followed by pages, a
//   page that failed is asked for with fewer objects, and pages whose history is no longer kept by
//   a stream.
// Limits: no schedule of failures makes a busy loop: each failure waits, longer each time, until
//   two minutes have passed without one, or a watch has stood for ten seconds.

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
// A watch that began with all there is, and has not said yet that this was all.
struct Streaming {
  bool begun = false;  // an object has come

  bool operator==(const Streaming&) const = default;
};
struct Listing {
  std::string continue_token{};  // of the page that is asked for now
  uint32_t pages = 0;            // read so far
  uint32_t limit = kPageObjectsMax;

  bool operator==(const Listing&) const = default;
};
struct Watching {
  std::string resource_version;  // everything up to here was seen
  Tick opened{};
  bool changed = false;  // it brought a change, not just bookmarks

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
  bool no_streams = false;  // the server does not know streamed lists

  bool operator==(const WatchState&) const = default;
};

// How long nothing may come. Bookmarks come each minute or so; a streamed list begins at once, or
// the server waits for something that does not come (an etcd that reports no progress).
[[nodiscard]] Duration silence_max(const WatchState& state);

// One line of a watch, as read where it came from the network.
struct WatchLine {
  enum class Kind { kUnreadable, kApplied, kDeleted, kBookmark, kError };

  Kind kind = Kind::kUnreadable;
  std::string version{};   // not of an error
  bool ends_list = false;  // of a bookmark: all there was has come
  Json object{};           // keepable; of a change
  std::optional<Error> error{};
};
[[nodiscard]] WatchLine read_watch_line(std::string_view text, const Selection& selection);

// What happened. What does not fit the state is from before, and is ignored.
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
// Nothing came for so long that nothing will.
struct FellSilent {};
struct WaitOver {};
using WatchInput = std::variant<Begin, ListAnswered, LineCame, WatchEnded, FellSilent, WaitOver>;

// What to do. Anything but GoOn also ends the list, watch or wait that was under way.
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

// What to tell the shelf: kInit, kListed or kUnlisted …, kInitDone for a list (kInit again: forget
// what was listed), kApplied and kDeleted for a watch.
struct WatchEvent {
  enum class Kind { kInit, kListed, kUnlisted, kInitDone, kApplied, kDeleted };

  Kind kind = Kind::kInit;
  Json object{};  // null for kInit and kInitDone
};

struct WatchStep {
  WatchState state;
  WatchAction action{};
  std::vector<WatchEvent> events{};
  // Why a list or a watch came to its end, one of few words for the metrics; "" when none did.
  std::string_view end_reason{};
  std::optional<Error> error{};  // set when it was a failure
};

[[nodiscard]] WatchStep step(WatchState state, WatchInput input, Tick now, Random& random);

}  // namespace dualtrace::kube
