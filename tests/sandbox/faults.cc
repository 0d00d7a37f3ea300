// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/faults.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<FaultKind, std::string_view>, 9> kNames{{
    {FaultKind::kBlackhole, "blackhole"},
    {FaultKind::kRefuse, "refuse"},
    {FaultKind::kStatus, "status"},
    {FaultKind::kPartial, "partial"},
    {FaultKind::kSlow, "slow"},
    {FaultKind::kCut, "cut"},
    {FaultKind::kLimit, "limit"},
    {FaultKind::kPoison, "poison"},
    {FaultKind::kGrant, "grant"},
}};

Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

// Whether the request is stored first; the other valid value depends on the kind.
bool parse_store(const json& value, std::string_view otherwise) {
  const auto text = value.get<std::string>();
  if (text != "before" && text != otherwise)
    throw std::invalid_argument("\"store\" is before or " + std::string(otherwise));
  return text == "before";
}

// Returns false if the kind has no such member. Throws on a value of the wrong type.
bool read_member(Fault& fault, const std::string& name, const json& value) {
  Answer& answer = fault.answer;
  const auto is = [&](FaultKind kind, std::string_view member) {
    return fault.kind == kind && name == member;
  };
  const auto is_answer = [&](std::string_view member) {
    return is(FaultKind::kStatus, member) || is(FaultKind::kPoison, member);
  };
  if (name == "kind") return true;
  if (name == "count") {
    fault.count = value.get<uint64_t>();
  } else if (name == "seconds") {
    fault.duration = from_seconds(value.get<double>());
  } else if (name == "percent") {
    fault.percent = value.get<uint64_t>();
  } else if (is_answer("status")) {
    answer.http_status = value.get<int>();
  } else if (is_answer("code")) {
    answer.grpc_code = value.get<int>();
  } else if (is_answer("body")) {
    answer.body = value.get<std::string>();
  } else if (is_answer("content_type")) {
    answer.content_type = value.get<std::string>();
  } else if (is_answer("retry_after")) {
    answer.retry_after = value.is_string() ? value.get<std::string>() : value.dump();
  } else if (is_answer("location")) {
    answer.location = value.get<std::string>();
  } else if (is_answer("bytes")) {
    answer.body_bytes = value.get<uint64_t>();
  } else if (is_answer("retry_info")) {
    answer.retry_info_seconds = value.get<double>();
  } else if (is_answer("message") || is(FaultKind::kPartial, "message")) {
    answer.message = value.get<std::string>();
  } else if (is(FaultKind::kPartial, "rejected_spans")) {
    answer.rejected_spans = value.get<uint64_t>();
  } else if (is(FaultKind::kSlow, "ms")) {
    fault.delay = from_seconds(value.get<double>() / 1000);
  } else if (is(FaultKind::kSlow, "store")) {
    fault.store_first = parse_store(value, "after");
  } else if (is(FaultKind::kCut, "store")) {
    fault.store_first = parse_store(value, "never");
  } else if (is(FaultKind::kLimit, "bytes")) {
    fault.bytes_max = value.get<uint64_t>();
  } else if (is(FaultKind::kPoison, "match")) {
    fault.poison = value.get<std::string>();
  } else if (is(FaultKind::kGrant, "set")) {
    if (!value.is_object()) throw std::invalid_argument("\"set\" is not an object");
    fault.set = value.dump();
  } else {
    return false;
  }
  return true;
}

Status complete(Fault& fault, const json& members) {
  const auto needs = [&](FaultKind kind, const char* member) {
    return fault.kind == kind && !members.contains(member);
  };
  if (needs(FaultKind::kPartial, "rejected_spans") || needs(FaultKind::kSlow, "ms") ||
      needs(FaultKind::kLimit, "bytes") || needs(FaultKind::kPoison, "match") ||
      needs(FaultKind::kGrant, "set"))
    return fail(ErrorKind::kInvalid, "the kind needs its own member, see README.md");
  if (fault.count && *fault.count == 0) return fail(ErrorKind::kInvalid, "\"count\" is 0");
  if (fault.percent < 1 || fault.percent > 100)
    return fail(ErrorKind::kInvalid, "\"percent\" is 1 to 100");
  Answer& answer = fault.answer;
  const bool has_status = members.contains("status");
  const bool has_code = members.contains("code");
  if (fault.kind == FaultKind::kPoison && !has_status && !has_code) {
    answer = refusal("poison", 400, kGrpcInvalidArgument, "a span is poisoned");
    return {};
  }
  if (fault.kind != FaultKind::kStatus && fault.kind != FaultKind::kPoison) return {};
  if (!has_status && !has_code)
    return fail(ErrorKind::kInvalid, "\"status\" or \"code\" is needed");
  if (!has_status) answer.http_status = http_status_of_grpc(answer.grpc_code);
  if (!has_code) answer.grpc_code = grpc_code_of_http(answer.http_status);
  if (answer.http_status < 200 || answer.http_status > 599)
    return fail(ErrorKind::kInvalid, "\"status\" is not an HTTP status");
  answer.reason = "fault_status";
  return {};
}

}  // namespace

std::string_view to_string(FaultKind kind) {
  for (const auto& [known, name] : kNames)
    if (known == kind) return name;
  return "unknown";
}

Result<std::optional<Fault>> parse_fault(std::string_view text) {
  try {
    const json members = json::parse(text);
    const auto name = members.at("kind").get<std::string>();
    if (name == "none") return std::optional<Fault>();
    Fault fault;
    bool known = false;
    for (const auto& [kind, kind_name] : kNames) {
      if (kind_name != name) continue;
      fault.kind = kind;
      known = true;
    }
    if (!known) return fail(ErrorKind::kInvalid, "unknown kind \"" + name + "\"");
    for (const auto& [member, value] : members.items())
      if (!read_member(fault, member, value))
        return fail(ErrorKind::kInvalid, "kind " + name + " has no member \"" + member + "\"");
    if (auto completed = complete(fault, members); !completed) return fail(completed.error());
    return std::optional(std::move(fault));
  } catch (const std::exception& error) {
    return fail(ErrorKind::kInvalid, std::string("not a fault: ") + error.what());
  }
}

void Faults::set(Destination destination, Fault fault) {
  Active active{.fault = std::move(fault)};
  if (active.fault.duration) active.until = clock_.tick() + *active.fault.duration;
  Lock lock(mutex_);
  const Key key(destination, active.fault.kind);
  active_.insert_or_assign(key, std::move(active));
}

void Faults::clear(Destination destination) {
  Lock lock(mutex_);
  std::erase_if(active_, [&](const auto& entry) { return entry.first.first == destination; });
}

Faults::Active* Faults::find(Key key) {
  const auto found = active_.find(key);
  if (found == active_.end()) return nullptr;
  if (found->second.until && clock_.tick() >= *found->second.until) {
    active_.erase(found);
    return nullptr;
  }
  return &found->second;
}

std::optional<Fault> Faults::peek(Destination destination, FaultKind kind) {
  Lock lock(mutex_);
  const Active* active = find({destination, kind});
  return active == nullptr ? std::nullopt : std::optional(active->fault);
}

std::optional<Fault> Faults::take(Destination destination, FaultKind kind) {
  Lock lock(mutex_);
  Active* active = find({destination, kind});
  if (active == nullptr || dice_.below(100) >= active->fault.percent) return std::nullopt;
  Fault fault = active->fault;
  if (active->fault.count && --*active->fault.count == 0) active_.erase({destination, kind});
  return fault;
}

std::string Faults::to_json() {
  Lock lock(mutex_);
  json all = json::object();
  for (const Destination destination : kFaultTargets) {
    json list = json::array();
    for (const auto& [kind, name] : kNames) {
      const Active* active = find({destination, kind});
      if (active == nullptr) continue;
      json entry{{"kind", name}};
      if (active->fault.count) entry["count"] = *active->fault.count;
      if (active->until)
        entry["seconds"] = std::chrono::duration<double>(*active->until - clock_.tick()).count();
      list.push_back(std::move(entry));
    }
    all[std::string(to_string(destination))] = std::move(list);
  }
  return all.dump();
}

}  // namespace dualtrace::sandbox
