// SPDX-License-Identifier: Apache-2.0
// Whatever arrives as an AdmissionReview gets a valid response: a patch applies to its object, only
// adds fields, and is idempotent.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/error/check.h"
#include "operator/webhook/admission_review.h"
#include "operator/webhook/export_reviewer.h"
#include "operator/webhook/pod_patch.h"
#include "operator/webhook/pod_reviewer.h"

namespace {

using namespace dualtrace;
using namespace dualtrace::ctl;

const ConsentRules kRules{.shared_namespaces = {"observability"}};

struct SmallCluster final : ClusterView {
  KnownExports known;

  SmallCluster() {
    for (const char* space : {"observability", "shop"}) {
      const kube::ObjectKey key{space, "agents"};
      known[key] = read_known_export(
          key,
          {{"metadata", {{"namespace", space}, {"name", "agents"}}},
           {"spec",
            {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "a"}}}}},
             {"injection", {{"namespaceSelector", Json::object()}}}}}},
          kRules);
    }
  }
  [[nodiscard]] std::shared_ptr<const KnownExports> exports() const override {
    return std::make_shared<const KnownExports>(known);
  }
  [[nodiscard]] std::optional<Labels> namespace_labels(const std::string& name) const override {
    return Labels{{"dualtrace.dev/inject", name.substr(0, 63)}};
  }
};

void check_pod(AdmissionRequest request, const SmallCluster& cluster) {
  const PodReviewer reviewer(cluster);
  const AdmissionAnswer answer = reviewer.review(request);
  DT_CHECK(parse_json(render_answer(request.uid, answer)).has_value());
  if (answer.patch.empty()) return;
  for (const Json& operation : answer.patch) DT_CHECK(text_at(operation, {"op"}) == "add");
  auto after = apply_patch(request.object, answer.patch);
  DT_CHECK(after.has_value());
  DT_CHECK(check_patched(request.object, *after));
  request.object = *std::move(after);
  DT_CHECK(reviewer.review(request).patch.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const SmallCluster kCluster;
  const auto request = parse_review({reinterpret_cast<const char*>(data), size});
  if (!request) return 0;
  check_pod(*request, kCluster);
  const ExportReviewer exports(kCluster,
                               {.has_secret = {},
                                .plan_faults = {},
                                .namespaces =
                                    [] {
                                      return std::vector<PodNamespace>{{"shop", {}}, {"bar", {}}};
                                    },
                                .consent = kRules});
  const AdmissionAnswer warned = exports.review(*request, Tick{});
  DT_CHECK(warned.patch.empty());
  DT_CHECK(parse_json(render_answer(request->uid, warned)).has_value());
  return 0;
}
