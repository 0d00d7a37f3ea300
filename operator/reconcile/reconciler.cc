// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/reconciler.h"

#include <utility>

#include "common/kube/momentary_error.h"
#include "common/log/log.h"
#include "operator/plan/child.h"
#include "operator/plan/names.h"
#include "operator/reconcile/lost_nodes.h"
#include "operator/reconcile/node_watch.h"
#include "operator/reconcile/observe.h"
#include "operator/reconcile/prune.h"
#include "operator/reconcile/recent_losses.h"
#include "operator/status/conditions.h"
#include "operator/status/status.h"

namespace dualtrace::ctl {
namespace {

// Agents that have not been polled yet are polled within this time, after which their answers are
// reported.
constexpr Duration kFirstAnswers = std::chrono::seconds(10);

// How often to check whether the operator that has the export has ended, to take over from it.
constexpr Duration kLookAgainAtOthers = std::chrono::minutes(1);

// Failures for no longer than this are not reported in the status: the API server is restarting or
// busy, or somebody else has just changed the object.
constexpr Duration kHiccup = std::chrono::seconds(10);

bool is_passing(const Error& error) {
  return kube::is_momentary(error) || error.kind == ErrorKind::kConflict;
}

}  // namespace

struct Reconciler::Memory {
  std::string uid;
  std::string left_to{};  // the other operator that it belongs to
  DriftMemory children;
  SecretChecks secrets;
  StatusMemory status;
  RolloutWatch rollout{};
  TextWatch credentials_differ{};
  std::map<report::Destination, TextWatch> credential_everywhere{};
  NodeWatch nodes{};
  LostNodes lost_nodes{};
  RecentLosses recent_losses{};
  std::optional<Tick> failing_since{};  // to apply
};

struct Reconciler::Round {
  kube::ObjectPointer object;  // the export
  kube::ObjectKey key;
  Children children;
  Memory& memory;
  std::optional<DualTraceExport> wanted{};  // with plan, or not at all
  std::optional<Plan> plan{};
  Facts facts{};
  std::vector<LaneSummary> lanes{};  // of the facts, once observed
  std::optional<Error> error{};      // to return, so that the run is retried
  bool over = false;                 // nothing is left to do, the status included
  std::optional<Tick> look_again{};

  void look_again_at(const std::optional<Tick>& when) {
    if (when && (!look_again || *when < *look_again)) look_again = when;
  }
};

Reconciler::Reconciler(Installation installation, const Parts& parts, uint64_t seed)
    : installation_(std::move(installation)),
      parts_(parts),
      applier_(parts.api, parts.clock, parts.metrics),
      same_node_traffic_(parts.api, parts.clock),
      belonging_(parts.api, parts.clock, parts.lease),
      status_writer_(parts.api, parts.events, parts.clock, parts.metrics),
      random_(seed) {}

Result<Next> Reconciler::reconcile(const kube::ObjectKey& key) {
  const kube::ObjectPointer object = parts_.cache.find_export(key);
  if (object == nullptr || kube::is_ending(*object)) {
    forget(key);
    return Next::await_change();
  }
  if (!parts_.scope.serves(key.namespace_name, *object)) return let_go(*object);
  const auto memory = memory_of(key, *object);
  if (const std::string other = belonging_.other(*object); !other.empty()) {
    return leave(*object, other, *memory);
  }
  memory->left_to.clear();
  Round round{object, key, Children(parts_.cache, key), *memory};
  validate(round);
  if (round.plan) check_secrets(round);
  if (round.plan) apply(round);
  observe(round);
  return finish(round);
}

std::shared_ptr<Reconciler::Memory> Reconciler::memory_of(const kube::ObjectKey& key,
                                                          const Json& object) {
  const std::string_view uid = text_at(object, {"metadata", "uid"});
  const Lock lock(mutex_);
  auto& memory = memories_[key];
  // Another export of the same name starts from nothing.
  if (memory == nullptr || memory->uid != uid) {
    memory = std::make_shared<Memory>();
    memory->uid = uid;
    if (const Json* status = find(object, {"status"})) {
      memory->nodes.resume(*status);
      memory->lost_nodes.resume(*status);
      memory->recent_losses.resume(*status);
    }
  }
  return memory;
}

void Reconciler::forget(const kube::ObjectKey& key) {
  parts_.agents.forget(key);
  const Lock lock(mutex_);
  memories_.erase(key);
}

// The export is of another class now, or in an excluded namespace: release it for its operator.
Result<Next> Reconciler::let_go(const Json& object) {
  forget(kube::key_of(object));
  const bool claimed = text_at(object, {"status", "operator"}) == belonging_.own();
  if (belonging_.own().empty() || !claimed) return Next::await_change();
  const Status released = status_writer_.release(object);
  if (!released && released.error().kind != ErrorKind::kNotFound) return fail(released.error());
  return Next::await_change();
}

// Another operator serves it. This is reported once, and checked again in case that one has ended.
Next Reconciler::leave(const Json& object, const std::string& other, Memory& memory) const {
  const kube::ObjectKey key = kube::key_of(object);
  parts_.agents.forget(key);
  memory.children.clear();
  if (memory.left_to != other) {
    memory.left_to = other;
    log_warn("another operator serves this export, so this operator leaves it alone",
             {{"export", key.to_string()}, {"operator", other}, {"own", belonging_.own()}});
    parts_.events.record(
        {.regarding = reference_to_export(object),
         .type = kube::Event::Type::kWarning,
         .reason = "ServedByAnother",
         .action = "Reconcile",
         .note = "the operator of Lease " + other + " serves this export, so that of Lease " +
                 belonging_.own() +
                 " leaves it alone; set a class (exportClass, spec.className) or excludeNamespaces "
                 "for one of them"});
  }
  return Next::requeue_after(kLookAgainAtOthers);
}

// Without the fields that the API server does not accept.
Result<PlanOrFaults> Reconciler::plan(const DualTraceExport& wanted) {
  Installation installation = installation_;
  installation.can_prefer_same_node = true;
  if (falls_back_to_other_nodes(wanted.agent, installation)) {
    const auto taken = same_node_traffic_.is_taken(service(wanted, installation));
    if (!taken) return fail(taken.error().with_prefix("ask for trafficDistribution: "));
    installation.can_prefer_same_node = *taken;
  }
  return plan_export(wanted, installation);
}

void Reconciler::validate(Round& round) {
  const Consent consent = consent_of(*round.object, installation_.consent);
  round.facts.consent = consent;
  round.facts.consent_notices = consent_notices(round.key, consent, installation_.consent);
  EffectiveExport parsed = parse_export(*round.object, installation_.agent_defaults);
  if (!parsed.value) {
    round.facts.faults = std::move(parsed.faults);
    return;
  }
  parsed.value->consent = consent;
  round.facts.faults =
      not_permitted(parsed.as_written(), installation_.permissions, installation_.agent_image);
  if (!round.facts.faults.empty()) return refuse(round);
  auto answer = plan(*parsed.value);
  if (!answer) {
    round.error = answer.error();
    round.over = true;
    return;
  }
  PlanOrFaults planned = *std::move(answer);
  if (!planned.plan) {
    round.facts.faults = std::move(planned.faults);
    return;
  }
  round.facts.falls_back = planned.plan->falls_back;
  round.wanted = std::move(parsed.value);
  round.plan = std::move(planned.plan);
  round.facts.wanted = &*round.wanted;
  round.facts.config_fingerprint = round.plan->config_fingerprint;
}

// Nothing is applied; what was applied before stays as it is.
void Reconciler::refuse(Round& round) {
  round.facts.permitted = false;
  round.facts.wanted = nullptr;
  round.facts.secrets.clear();
  round.facts.config_fingerprint.clear();
  round.wanted.reset();
  round.plan.reset();
}

void Reconciler::check_secrets(Round& round) {
  double jitter = 0;
  {
    const Lock lock(mutex_);
    constexpr uint64_t kSteps = 1000;
    jitter = static_cast<double>(random_.below(kSteps)) / kSteps;
  }
  SecretChecks& secrets = round.memory.secrets;
  secrets.check(*round.wanted, parts_.api, parts_.metrics, parts_.clock.tick(), jitter);
  round.facts.secrets = secrets.facts();
  round.look_again_at(secrets.look_again());
  round.error = secrets.error();
  for (const SecretFact& fact : secrets.facts()) {
    if (fact.state != SecretFact::State::kNeverSent) continue;
    round.facts.faults.push_back({fact.path, fact.detail});
  }
  if (!round.facts.faults.empty()) refuse(round);
}

void Reconciler::apply(Round& round) const {
  ApplyOutcome applied = applier_.apply(*round.plan, round.children, round.memory.children);
  round.look_again_at(applied.look_again);
  // Old objects stay until all of their replacements exist.
  if (!applied.first && !applied.namespace_ending) {
    applied.first = prune(parts_.api, *round.plan, round.children, *round.wanted, parts_.metrics);
  }
  round.over = applied.namespace_ending;
  if (!applied.first) {
    round.memory.failing_since.reset();
    return;
  }
  round.facts.apply_error = applied.first->error;
  round.facts.apply_error_object = applied.first->object;
  const WriteFailure& cause = applied.retryable ? *applied.retryable : *applied.first;
  round.error = cause.error.with_prefix(cause.object + ": ");

  const Tick now = parts_.clock.tick();
  if (!round.memory.failing_since) round.memory.failing_since = now;
  const bool passing = is_passing(cause.error) && now - *round.memory.failing_since < kHiccup;
  if (passing || cause.error.kind == ErrorKind::kCancelled) round.over = true;
}

void Reconciler::observe(Round& round) const {
  const std::string name = child_name(round.key.name);
  const Json* daemon_set = round.children.find(kube::kDaemonSets, name);
  int64_t generation = 0;
  if (daemon_set != nullptr) {
    const auto drift = round.memory.children.find({std::string(kube::kDaemonSets.plural), name});
    if (drift != round.memory.children.end()) {
      generation = drift->second.generation_of(text_at(*daemon_set, {"metadata", "uid"}));
    }
  }
  round.facts.daemon_set = observe_daemon_set(daemon_set, generation);
  if (const auto& set = round.facts.daemon_set) {
    const Tick now = parts_.clock.tick();
    const Tick since = round.memory.rollout.note(*set, now);
    round.facts.rollout_still = now - since;
    const bool goes_on = set->updated < set->desired || set->available < set->desired;
    if (goes_on && now - since < kRolloutPatience) round.look_again_at(since + kRolloutPatience);
  }
  const std::vector<kube::ObjectPointer> pods = parts_.cache.pods(round.key);
  parts_.agents.set_pods(round.key, observe_pods(pods));
  round.facts.agents = parts_.agents.reports(round.key);
  if (parts_.injection) round.facts.injection = parts_.injection(round.key);
  watch_lost_nodes(round, pods);
  watch_losses(round);
  std::erase_if(round.facts.agents, [](const AgentReport& agent) { return agent.ending; });
  watch_nodes(round, pods);
  round.facts.now = parts_.clock.wall();
  round.lanes = summarize_lanes(round.facts);
  for (const LaneSummary& lane : round.lanes) {
    look_again_at(round, lane.next_late);
  }
  watch_differences(round);
  watch_rotations(round);
}

void Reconciler::watch_nodes(Round& round, const std::vector<kube::ObjectPointer>& pods) const {
  const Tick now = parts_.clock.tick();
  NodeWatch& nodes = round.memory.nodes;
  nodes.note(pods, round.facts.agents, round.facts.daemon_set.value_or(DaemonSetFact{}),
             {now, parts_.clock.wall()});
  round.facts.nodes = nodes.fact(now);
  if (round.facts.injection && round.facts.injection->nodes_known) {
    round.facts.unserved = nodes.unserved(round.facts.injection->nodes, now);
  }
  round.look_again_at(nodes.look_again(now));
}

void Reconciler::watch_lost_nodes(Round& round,
                                  const std::vector<kube::ObjectPointer>& pods) const {
  std::set<std::string> nodes;
  for (const kube::ObjectPointer& pod : pods) {
    nodes.emplace(text_at(*pod, {"spec", "nodeName"}));
  }
  LostNodes& lost_nodes = round.memory.lost_nodes;
  lost_nodes.note(round.facts.agents, nodes, parts_.clock.wall());
  round.facts.nodes_lost = lost_nodes.lost();
  round.facts.backlogs = lost_nodes.backlogs();
  look_again_at(round, lost_nodes.look_again());
}

void Reconciler::watch_losses(Round& round) const {
  RecentLosses& losses = round.memory.recent_losses;
  losses.note(round.facts.agents, parts_.clock.wall());
  round.facts.recent_losses = losses.facts();
  look_again_at(round, losses.look_again());
}

void Reconciler::look_again_at(Round& round, const std::optional<WallTime>& when) const {
  if (!when) return;
  const Duration left = *when - parts_.clock.wall();
  round.look_again_at(parts_.clock.tick() + std::max(left, Duration{0}));
}

// The known value of the Secret may be some minutes old: read it again before reporting that agents
// are behind, or when they miss it.
void Reconciler::watch_differences(Round& round) const {
  const std::string difference = differing_credentials(round.facts, round.lanes);
  const Tick now = parts_.clock.tick();
  const Tick since = round.memory.credentials_differ.note(difference, now);
  if (!difference.empty()) {
    round.facts.credentials_differ = now - since;
  } else if (!agents_lack_present_keys(round.facts, round.lanes)) {
    return;
  }
  round.memory.secrets.look_soon(now);
  round.look_again_at(round.memory.secrets.look_again());
}

// The operator's own clock counts: agents' clocks may be minutes off. A new process counts from its
// start, because it does not know what happened before.
void Reconciler::watch_rotations(Round& round) const {
  const Tick now = parts_.clock.tick();
  for (const LaneSummary& lane : round.lanes) {
    const std::string credential = credential_everywhere(lane, round.facts);
    const Tick since = round.memory.credential_everywhere[lane.destination].note(credential, now);
    if (credential.empty()) continue;
    round.facts.credential_everywhere[lane.destination] = now - since;
    const bool waits = !lane.use.nodes_silent.empty() && now - since < kSilencePatience;
    if (waits) round.look_again_at(since + kSilencePatience);
  }
}

Result<Next> Reconciler::finish(Round& round) const {
  const Tick now = parts_.clock.tick();
  const auto next = [&]() -> Result<Next> {
    if (round.error) return fail(*round.error);
    if (!round.look_again) return Next::await_change();
    return Next::requeue_after(std::max(*round.look_again - now, Duration{0}));
  };
  if (round.over) return next();

  StatusMemory& memory = round.memory.status;
  const Json* previous = memory.previous(*round.object, now);
  round.facts.previous_status = previous;
  round.facts.operator_lease = belonging_.own();
  round.facts.generation = integer_at(*round.object, {"metadata", "generation"}).value_or(0);
  // An operator that has just started knows less than the status.
  const bool says_more = previous != nullptr && round.plan && !round.error &&
                         integer_at(*previous, {"observedGeneration"}) == round.facts.generation;
  const bool knows_nodes = !round.facts.injection || round.facts.injection->nodes_known;
  if (says_more && !(parts_.agents.asked(round.key) && knows_nodes)) {
    round.look_again_at(now + kFirstAnswers);
    return next();
  }
  const auto written =
      status_writer_.write(*round.object, previous, make_status(round.facts, round.lanes), memory);
  if (written) {
    round.look_again_at(*written);
  } else if (written.error().kind == ErrorKind::kNotFound) {
    return Next::await_change();  // it was deleted meanwhile; the cache will show that
  } else if (!round.error || round.error->kind == ErrorKind::kInvalid) {
    round.error = written.error();
  }
  return next();
}

}  // namespace dualtrace::ctl
