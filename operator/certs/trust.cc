// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/trust.h"

#include <algorithm>
#include <set>

#include "common/bytes/base64.h"

namespace dualtrace::ctl {
namespace {

std::set<std::string_view> fingerprints(const std::vector<Certificate>& certificates) {
  std::set<std::string_view> all;
  for (const Certificate& one : certificates) all.insert(one.fingerprint);
  return all;
}

std::vector<Certificate> bundle_of(const Json& entry) {
  const auto pem = decode_base64(text_at(entry, {"clientConfig", "caBundle"}));
  if (!pem || pem->empty()) return {};
  auto certificates = read_certificates(*pem);
  if (!certificates) return {};
  return *std::move(certificates);
}

}  // namespace

std::vector<std::vector<Certificate>> trusted_by_entries(const Json& configuration) {
  std::vector<std::vector<Certificate>> entries;
  for (const Json& entry : array_at(configuration, {"webhooks"})) {
    entries.push_back(bundle_of(entry));
  }
  return entries;
}

Json bundle_apply(const kube::ResourceType& type, const Json& configuration,
                  const std::vector<Certificate>& trusted) {
  std::string pem;
  for (const Certificate& one : trusted) pem += one.pem;
  const std::string bundle = encode_base64(pem);
  Json entries = Json::array();
  for (const Json& entry : array_at(configuration, {"webhooks"})) {
    entries.push_back(
        {{"name", text_at(entry, {"name"})}, {"clientConfig", {{"caBundle", bundle}}}});
  }
  return {{"apiVersion", type.api_version()},
          {"kind", type.kind},
          {"metadata",
           {{"name", text_at(configuration, {"metadata", "name"})},
            {"resourceVersion", text_at(configuration, {"metadata", "resourceVersion"})}}},
          {"webhooks", std::move(entries)}};
}

bool same_certificates(const std::vector<Certificate>& a, const std::vector<Certificate>& b) {
  return fingerprints(a) == fingerprints(b);
}

}  // namespace dualtrace::ctl
