// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/meaning.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "operator/webhook/choose_export.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;

constexpr size_t kWarningsMax = 5;
constexpr size_t kNamesTold = 3;  // the API server truncates long warnings
// The webhook does not review the pods of these namespaces.
constexpr std::array<std::string_view, 2> kUnserved = {"kube-system", "kube-node-lease"};

enum class Turn { kAnother, kSeveral, kNone };

// Only what "true" resolves to, because a thousand namespaces are checked.
KnownExports without_the_rest(const KnownExports& exports, const ObjectKey& changed) {
  KnownExports kept;
  for (const auto& [key, known] : exports) {
    if (known.meant_elsewhere || key.namespace_name == changed.namespace_name) {
      kept.emplace(key, known);
    }
  }
  return kept;
}

std::optional<Turn> turn_of(const ObjectKey& before, const OrRefusal<ObjectKey>& after) {
  if (const auto* key = std::get_if<ObjectKey>(&after)) {
    if (*key == before) return std::nullopt;
    return Turn::kAnother;
  }
  return std::get<Refusal>(after).reason == SkipReason::kAmbiguous ? Turn::kSeveral : Turn::kNone;
}

std::string told(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text = names.size() == 1 ? "namespace " : "namespaces ";
  for (size_t i = 0; i < std::min(names.size(), kNamesTold); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamesTold) {
    text += " and " + std::to_string(names.size() - kNamesTold) + " more";
  }
  return text;
}

std::string warning(Turn turn, const ObjectKey& before, bool deleted,
                    const std::vector<std::string>& names) {
  const std::string where =
      "\"true\" in " + told(names) + " means " + before.to_string() + " now; with this change, ";
  switch (turn) {
    case Turn::kAnother:
      return where + "new pods send here; pods that should not must name that export";
    case Turn::kSeveral:
      return where +
             "it is Ambiguous and new pods get nothing; narrow namespaceSelector, or have pods "
             "name one export";
    case Turn::kNone:
      return where + "it means none and new pods get nothing" +
             (deleted ? "; have another export admit them first"
                      : "; admit them in namespaceSelector");
  }
  return where;
}

}  // namespace

std::vector<std::string> changes_of_meaning(const ExportChange& change, const KnownExports& exports,
                                            const std::vector<PodNamespace>& namespaces) {
  const KnownExports before = without_the_rest(exports, change.key);
  KnownExports after = before;
  after.erase(change.key);
  if (change.after) after.emplace(change.key, *change.after);
  if (before == after) return {};
  std::map<std::tuple<ObjectKey, Turn>, std::vector<std::string>> turns;
  for (const PodNamespace& from : namespaces) {
    const bool own = from.name == change.key.namespace_name;
    const bool unserved =
        std::find(kUnserved.begin(), kUnserved.end(), from.name) != kUnserved.end();
    if (unserved || (!own && !exports_in(from.name, exports).empty())) continue;
    const auto meant = choose_export({}, from, before);
    const auto* key = std::get_if<ObjectKey>(&meant);
    if (key == nullptr) continue;
    const auto turn = turn_of(*key, choose_export({}, from, after));
    if (!turn || (own && turn == Turn::kSeveral)) continue;
    turns[{*key, *turn}].push_back(from.name);
  }
  std::vector<std::string> warnings;
  for (const auto& [what, names] : turns) {
    if (warnings.size() == kWarningsMax) break;
    warnings.push_back(
        warning(std::get<Turn>(what), std::get<ObjectKey>(what), !change.after, names));
  }
  return warnings;
}

}  // namespace dualtrace::ctl
