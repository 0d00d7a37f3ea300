#pragma once
// The thinking of an informer: what to do next, given what happened. A list is read page by page,
// then a watch goes on from its resourceVersion, for ever. Used by informer.cc, which has the
// network, the timers and the store; here is none of them. Pure: time and randomness come in.
//
// Flow: Empty → Listing → Watching → Watching …; every failure goes through BackingOff.
// Guarantees: an object's changes come out in the server's order. What a torn watch missed comes
//   out of the next watch, which goes on from the last resourceVersion seen, or of a new list.
// Errors: what cannot be gone on from (history no longer kept, a resourceVersion of the future, a
//   line that cannot be read) is followed by a new list of what is true now; what only has to pass
//   (throttling, no connection, 5xx, refused credentials) by the same request again.
// Limits: no schedule of failures makes a busy loop: each failure waits, longer each time, until
//   two minutes have passed without one, or a watch has stood for ten seconds.
// Streaming lists (sendInitialEvents) are not used: they spare the server memory with lists much
// longer than ours, and would need the paged list beside them for servers that have them off.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/kube/list_watch.h"
#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

struct Empty {
  bool operator==(const Empty&) const = default;
};
struct Listing {
  std::string resource_version;  // what the list began with
  std::string continue_token{};  // of the page that is asked for now
  uint32_t pages = 0;            // read so far

  bool operator==(const Listing&) const = default;
};
struct Watching {
  std::string resource_version;  // everything up to here was seen
  Tick opened{};
  bool changed = false;  // it brought a change, not just bookmarks

  bool operator==(const Watching&) const = default;
};
struct BackingOff {
  std::variant<Listing, Watching> next;

  bool operator==(const BackingOff&) const = default;
};

struct WatchState {
  std::variant<Empty, Listing, Watching, BackingOff> phase;
  uint32_t failures = 0;  // in a row
  Tick last_failure{};
  bool expired = false;  // the last failure was that history is no longer kept

  bool operator==(const WatchState&) const = default;
};

// What happened. What does not fit the state is from before, and is ignored.
struct Begin {};
struct ListAnswered {
  Result<ListPage> page;
};
struct LineCame {
  std::string line;
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
  std::string resource_version;
  Duration lasting;
};
struct Wait {
  Duration delay;
};
using WatchAction = std::variant<GoOn, SendList, OpenWatch, Wait>;

// What to tell the store: kInit, kListed…, kInitDone for a list (kInit again: forget what was
// listed), kApplied and kDeleted for a watch.
struct WatchEvent {
  enum class Kind { kInit, kListed, kInitDone, kApplied, kDeleted };

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
