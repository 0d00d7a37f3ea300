// SPDX-License-Identifier: Apache-2.0
// Runs the state machine of watch.h: calls, timers and the shelf, all on the scheduler.

#include "common/kube/reflector.h"

#include <atomic>
#include <utility>

#include "common/error/check.h"
#include "common/kube/watch.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {
namespace {

struct Metrics {
  Metrics(MetricRegistry& metrics, const Selection& selection)
      : registry(metrics),
        labels{{"resource", std::string(selection.type.plural)},
               {"namespace", selection.namespace_name}},
        lists(metrics.counter("dualtrace_informer_lists_total", "Lists that were read completely.",
                              labels)) {}

  void ended(std::string_view reason) const {
    MetricLabels with_reason = labels;
    with_reason.emplace("reason", reason);
    registry
        .counter("dualtrace_informer_ends_total",
                 "Lists that failed and watches that ended, by reason.", with_reason)
        .increment();
  }

  MetricRegistry& registry;
  const MetricLabels labels;
  Counter& lists;
};

}  // namespace

class Reflector::Body : public std::enable_shared_from_this<Body> {
 public:
  Body(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
       MetricRegistry& metrics, std::shared_ptr<Shelf> shelf)
      : shelf_(std::move(shelf)),
        selection_(std::move(options.selection)),
        unread_bytes_max_(options.unread_bytes_max),
        api_(api),
        scheduler_(scheduler),
        metrics_(metrics, selection_),
        random_(seed) {
    metrics.observe(MetricRegistry::ValueType::kGauge, "dualtrace_informer_objects",
                    "Objects held.", metrics_.labels,
                    [held = shelf_] { return static_cast<double>(held->size()); });
  }

  void start() {
    scheduler_.post([weak = weak_from_this()] {
      if (const auto body = weak.lock()) body->feed(Begin{});
    });
  }
  [[nodiscard]] bool synced() const { return synced_; }
  [[nodiscard]] std::optional<Error> failure() const {
    const Lock lock(mutex_);
    return failure_;
  }

 private:
  // How many bytes of one watch are on their way to the scheduler.
  struct Unread {
    std::atomic<size_t> bytes{0};
    bool overrun = false;  // the client's thread only
  };

  void feed(WatchInput input) {
    WatchStep next =
        step(std::exchange(state_, {}), std::move(input), scheduler_.clock().tick(), random_);
    state_ = std::move(next.state);
    if (!next.end_reason.empty()) metrics_.ended(next.end_reason);
    if (next.error) {
      warn(next.end_reason, *next.error);
      note(std::move(next.error));
    }
    // Before any call of the shelf, so that nothing of the old watch is left by then.
    if (!std::holds_alternative<GoOn>(next.action)) end_all();
    for (WatchEvent& event : next.events) take(std::move(event));
    std::visit([this](const auto& action) { perform(action); }, next.action);
  }

  void note(std::optional<Error> failure) {
    const Lock lock(mutex_);
    failure_ = std::move(failure);
  }

  void end_all() {
    ++turn_;
    watch_.reset();
    scheduler_.cancel(std::exchange(timer_, 0));
  }

  void perform(const GoOn& /*action*/) {}

  void perform(const SendList& action) {
    expect_sound();
    api_.list(selection_, action.request, [this_turn = later()](Result<ListPage> page) {
      this_turn(ListAnswered{std::move(page)}, 0);
    });
  }

  void perform(const OpenWatch& action) {
    expect_sound();
    auto unread = std::make_shared<Unread>();
    unread_ = unread;
    WatchReader reader;
    reader.opened = [weak = weak_from_this(), turn = turn_, &scheduler = scheduler_] {
      scheduler.post([weak, turn] {
        const auto body = weak.lock();
        if (body && body->turn_ == turn) body->note(std::nullopt);
      });
    };
    // On the client's thread, as lines arrive: expensive work is done before the next line is read.
    reader.line = [unread, this_turn = later(), bytes_max = unread_bytes_max_,
                   selection = selection_](const std::string& line) {
      if (unread->overrun) return;
      const size_t bytes = line.size();
      unread->overrun = unread->bytes.fetch_add(bytes) + bytes > bytes_max;
      if (unread->overrun) {
        this_turn(WatchEnded{fail(ErrorKind::kExhausted, "the watch sends faster than it is read")},
                  0);
      } else {
        this_turn(LineCame{read_watch_line(line, selection)}, bytes);
      }
    };
    reader.ended = [unread, this_turn = later()](Status status) {
      if (!unread->overrun) this_turn(WatchEnded{std::move(status)}, 0);
    };
    watch_ = api_.watch(selection_, action.request, std::move(reader));
  }

  void perform(const Wait& action) {
    timer_ = scheduler_.run_after(action.delay, [this] { feed(WaitOver{}); });
  }

  // A function that reports, from any thread, the result of the call that is about to be made. It
  // does nothing once another call has been started. `bytes`: of an unread line.
  std::function<void(WatchInput, size_t bytes)> later() {
    return [weak = weak_from_this(), turn = turn_, &scheduler = scheduler_](WatchInput input,
                                                                            size_t bytes) {
      scheduler.post([weak, turn, bytes, input = std::move(input)]() mutable {
        const auto body = weak.lock();
        if (body && body->turn_ == turn) body->hear(std::move(input), bytes);
      });
    };
  }

  void hear(WatchInput input, size_t bytes) {
    last_sound_ = scheduler_.clock().tick();
    if (unread_) unread_->bytes -= bytes;
    if (const auto* answer = std::get_if<ListAnswered>(&input)) {
      if (answer->page) note(std::nullopt);
      if (answer->page && answer->page->left_out > 0) warn_of_large_objects(answer->page->left_out);
    }
    feed(std::move(input));
  }

  void expect_sound() {
    last_sound_ = scheduler_.clock().tick();
    check_silence();
  }

  void check_silence() {
    const Tick due = last_sound_ + silence_max(state_);
    if (due <= scheduler_.clock().tick()) return feed(FellSilent{});
    timer_ = scheduler_.run_at(due, [this] { check_silence(); });
  }

  void take(WatchEvent event) {
    switch (event.kind) {
      case WatchEvent::Kind::kInit:
        return shelf_->begin_list();
      case WatchEvent::Kind::kListed:
        return shelf_->list(std::move(event.object));
      case WatchEvent::Kind::kUnlisted:
        return shelf_->unlist(key_of(event.object));
      case WatchEvent::Kind::kInitDone:
        metrics_.lists.increment();
        shelf_->end_list();
        synced_ = true;  // including the listener's work
        return;
      case WatchEvent::Kind::kApplied:
        return shelf_->put(std::move(event.object));
      case WatchEvent::Kind::kDeleted:
        return shelf_->remove(key_of(event.object));
    }
  }

  void warn(std::string_view reason, const Error& error) {
    const auto unsaid = warn_limiter_.allow(scheduler_.clock().tick());
    if (!unsaid) return;
    log_warn("a list or watch failed; retrying", {{"resource", selection_.type.plural},
                                                  {"namespace", selection_.namespace_name},
                                                  {"reason", reason},
                                                  {"error", error.message},
                                                  {"failures", state_.failures},
                                                  {"unsaid", *unsaid}});
  }

  void warn_of_large_objects(size_t count) {
    log_error("objects above 8 MiB are ignored, as if they did not exist",
              {{"resource", selection_.type.plural},
               {"namespace", selection_.namespace_name},
               {"objects", count}});
  }

  // Constant after construction.
  const std::shared_ptr<Shelf> shelf_;
  const Selection selection_;
  const size_t unread_bytes_max_;
  ListWatch& api_;
  Scheduler& scheduler_;
  const Metrics metrics_;
  LogLimiter warn_limiter_{std::chrono::seconds(30)};

  std::atomic<bool> synced_{false};
  mutable Mutex mutex_;
  std::optional<Error> failure_ DT_GUARDED_BY(mutex_);

  // On the scheduler only.
  Random random_;
  WatchState state_;
  uint64_t turn_ = 0;  // counts started lists, watches and waits
  std::shared_ptr<Unread> unread_;
  Tick last_sound_{};
  Scheduler::TimerId timer_ = 0;
  std::unique_ptr<Watch> watch_;
};

Reflector::Reflector(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
                     MetricRegistry& metrics, std::shared_ptr<Shelf> shelf)
    : body_(std::make_shared<Body>(std::move(options), api, scheduler, seed, metrics,
                                   std::move(shelf))) {}
Reflector::~Reflector() = default;

void Reflector::start() { body_->start(); }
bool Reflector::synced() const { return body_->synced(); }
std::optional<Error> Reflector::failure() const { return body_->failure(); }

}  // namespace dualtrace::kube
