// The body around watch.h: calls, timers, the store and the listener, all on the scheduler.

#include "common/kube/informer.h"

#include <optional>
#include <utility>

#include "common/error/check.h"
#include "common/kube/watch.h"
#include "common/log/log.h"

namespace dualtrace::kube {
namespace {

// Bookmarks come each minute or so: a stream that is silent for longer is dead.
constexpr Duration kSilenceMax = std::chrono::seconds(150);

std::string_view version_of(const Json& object) {
  return text_at(object, {"metadata", "resourceVersion"});
}

struct Metrics {
  Metrics(MetricRegistry& metrics, const Selection& selection)
      : registry(metrics),
        labels{{"resource", std::string(selection.type.plural)},
               {"namespace", selection.namespace_name}},
        lists(metrics.counter("dualtrace_informer_lists_total",
                              "Lists that were read to their end.", labels)) {}

  void ended(std::string_view reason) const {
    MetricLabels with_reason = labels;
    with_reason.emplace("reason", reason);
    registry
        .counter("dualtrace_informer_ends_total",
                 "Lists that failed and watches that came to an end, by reason.", with_reason)
        .increment();
  }

  MetricRegistry& registry;
  const MetricLabels labels;
  Counter& lists;
};

}  // namespace

class Informer::Body : public std::enable_shared_from_this<Body> {
 public:
  Body(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
       MetricRegistry& metrics, Listener listener)
      : store_(std::make_shared<Store>(std::move(options.index))),
        selection_(std::move(options.selection)),
        trim_(std::move(options.trim)),
        unread_bytes_max_(options.unread_bytes_max),
        api_(api),
        scheduler_(scheduler),
        metrics_(metrics, selection_),
        listener_(std::move(listener)),
        random_(seed) {
    metrics.observe(MetricRegistry::ValueType::kGauge, "dualtrace_informer_objects",
                    "Objects held.", metrics_.labels,
                    [store = store_] { return static_cast<double>(store->size()); });
  }

  void start() {
    scheduler_.post([weak = weak_from_this()] {
      if (const auto body = weak.lock()) body->feed(Begin{});
    });
  }
  [[nodiscard]] bool synced() const { return synced_; }
  [[nodiscard]] const Store& store() const { return *store_; }

 private:
  // How much of one watch is on its way to the scheduler.
  struct Unread {
    std::atomic<size_t> bytes{0};
    bool overrun = false;  // the client's thread only
  };

  void feed(WatchInput input) {
    WatchStep next =
        step(std::exchange(state_, {}), std::move(input), scheduler_.clock().tick(), random_);
    state_ = std::move(next.state);
    if (!next.end_reason.empty()) metrics_.ended(next.end_reason);
    if (next.error) warn(next.end_reason, *next.error);
    // Before the listener is told anything, so that nothing of the old watch is left by then.
    if (!std::holds_alternative<GoOn>(next.action)) end_all();
    for (WatchEvent& event : next.events) take(std::move(event));
    std::visit([this](const auto& action) { perform(action); }, next.action);
  }

  void end_all() {
    ++turn_;
    watch_.reset();
    scheduler_.cancel(std::exchange(timer_, 0));
  }

  void perform(const GoOn& /*action*/) {}

  void perform(const SendList& action) {
    expect_sound();
    api_.list(selection_, action.request,
              [later = later()](Result<ListPage> page) { later(ListAnswered{std::move(page)}); });
  }

  void perform(const OpenWatch& action) {
    expect_sound();
    auto unread = std::make_shared<Unread>();
    unread_ = unread;
    WatchReader reader;
    reader.line = [unread, bytes_max = unread_bytes_max_, later = later()](std::string line) {
      if (unread->overrun) return;
      const size_t bytes = line.size();
      unread->overrun = unread->bytes.fetch_add(bytes) + bytes > bytes_max;
      if (unread->overrun) {
        later(WatchEnded{fail(ErrorKind::kExhausted, "a watch sends faster than it is read")});
      } else {
        later(LineCame{std::move(line)});
      }
    };
    reader.ended = [unread, later = later()](Status status) {
      if (!unread->overrun) later(WatchEnded{std::move(status)});
    };
    watch_ = api_.watch(selection_, action.resource_version, action.lasting, std::move(reader));
  }

  void perform(const Wait& action) {
    timer_ = scheduler_.run_after(action.delay, [this] { feed(WaitOver{}); });
  }

  // What tells, from any thread, what came of the call that is about to be made. Once something
  // else was begun, it tells nobody.
  std::function<void(WatchInput)> later() {
    return [weak = weak_from_this(), turn = turn_, &scheduler = scheduler_](WatchInput input) {
      scheduler.post([weak, turn, input = std::move(input)]() mutable {
        const auto body = weak.lock();
        if (body && body->turn_ == turn) body->hear(std::move(input));
      });
    };
  }

  void hear(WatchInput input) {
    last_sound_ = scheduler_.clock().tick();
    if (const auto* came = std::get_if<LineCame>(&input)) unread_->bytes -= came->line.size();
    feed(std::move(input));
  }

  void expect_sound() {
    last_sound_ = scheduler_.clock().tick();
    check_silence();
  }

  void check_silence() {
    const Tick due = last_sound_ + kSilenceMax;
    if (due <= scheduler_.clock().tick()) return feed(FellSilent{});
    timer_ = scheduler_.run_at(due, [this] { check_silence(); });
  }

  void take(WatchEvent event) {
    switch (event.kind) {
      case WatchEvent::Kind::kInit:
        listed_.clear();
        break;
      case WatchEvent::Kind::kListed: {
        const ObjectPointer object = own(std::move(event.object));
        const ObjectKey key = key_of(*object);
        listed_.insert_or_assign(key, held_or(key, object));
        break;
      }
      case WatchEvent::Kind::kInitDone:
        take_list();
        break;
      case WatchEvent::Kind::kApplied:
        put(own(std::move(event.object)));
        break;
      case WatchEvent::Kind::kDeleted: {
        const ObjectKey key = key_of(event.object);
        if (ObjectPointer before = store_->remove(key)) tell({key, std::move(before), nullptr});
        break;
      }
    }
  }

  void take_list() {
    const auto now = std::exchange(listed_, {});
    const auto before = store_->replace(now);
    metrics_.lists.increment();
    for (const auto& [key, object] : before) {
      if (!now.contains(key)) tell({key, object, nullptr});
    }
    for (const auto& [key, object] : now) {
      const auto old = before.find(key);
      tell({key, old == before.end() ? nullptr : old->second, object});
    }
    synced_ = true;  // also what the listener made of it
  }

  void put(const ObjectPointer& object) {
    const ObjectKey key = key_of(*object);
    ObjectPointer after = held_or(key, object);
    ObjectPointer before = store_->put(after);
    tell({key, std::move(before), std::move(after)});
  }

  // The object that is held already, when the server sent that one again.
  ObjectPointer held_or(const ObjectKey& key, const ObjectPointer& object) const {
    ObjectPointer held = store_->get(key);
    return held && version_of(*held) == version_of(*object) ? held : object;
  }

  void tell(const Change& change) {
    if (change.before != change.after && listener_) listener_(change);
  }

  // Objects of a list do not say their own kind, and metadata alone says another.
  ObjectPointer own(Json object) const {
    object["apiVersion"] = selection_.type.api_version();
    object["kind"] = selection_.type.kind;
    if (trim_) trim_(object);  // it may have read who wrote what
    object["metadata"].erase("managedFields");
    return std::make_shared<const Json>(std::move(object));
  }

  void warn(std::string_view reason, const Error& error) {
    const auto unsaid = warn_limiter_.allow(scheduler_.clock().tick());
    if (!unsaid) return;
    log_warn("A list or watch failed and is tried again", {{"resource", selection_.type.plural},
                                                           {"namespace", selection_.namespace_name},
                                                           {"reason", reason},
                                                           {"error", error.message},
                                                           {"failures", state_.failures},
                                                           {"unsaid", *unsaid}});
  }

  // Constant after construction.
  const std::shared_ptr<Store> store_;
  const Selection selection_;
  const std::function<void(Json&)> trim_;
  const size_t unread_bytes_max_;
  ListWatch& api_;
  Scheduler& scheduler_;
  const Metrics metrics_;
  const Listener listener_;
  LogLimiter warn_limiter_{std::chrono::seconds(30)};

  std::atomic<bool> synced_{false};

  // On the scheduler only.
  Random random_;
  WatchState state_;
  uint64_t turn_ = 0;  // counts what was begun
  std::map<ObjectKey, ObjectPointer> listed_;
  std::shared_ptr<Unread> unread_;
  Tick last_sound_{};
  Scheduler::TimerId timer_ = 0;
  std::unique_ptr<Watch> watch_;
};

Informer::Informer(Options options, ListWatch& api, Scheduler& scheduler, uint64_t seed,
                   MetricRegistry& metrics, Listener listener)
    : body_(std::make_shared<Body>(std::move(options), api, scheduler, seed, metrics,
                                   std::move(listener))) {}
Informer::~Informer() = default;

void Informer::start() { body_->start(); }
bool Informer::synced() const { return body_->synced(); }
const Store& Informer::store() const { return body_->store(); }

}  // namespace dualtrace::kube
