// SPDX-License-Identifier: Apache-2.0
#include "operator/app/fenced_api.h"

#include <utility>

namespace dualtrace::ctl {
namespace {

Failure not_leading() { return fail(ErrorKind::kCancelled, "this operator does not lead"); }

}  // namespace

FencedApi::FencedApi(kube::Api& api, std::function<bool()> leading)
    : api_(api), leading_(std::move(leading)) {}

Result<Json> FencedApi::get(const kube::ResourceType& type, const kube::ObjectKey& key,
                            kube::Form form) {
  return api_.get(type, key, form);
}

Result<Json> FencedApi::create(const kube::ResourceType& type, const Json& object) {
  if (!leading_()) return not_leading();
  return api_.create(type, object);
}

Result<Json> FencedApi::update(const kube::ResourceType& type, const Json& object) {
  if (!leading_()) return not_leading();
  return api_.update(type, object);
}

Result<Json> FencedApi::apply(const kube::ResourceType& type, const Json& object,
                              const kube::ApplyOptions& options) {
  if (!leading_()) return not_leading();
  return api_.apply(type, object, options);
}

Result<Json> FencedApi::merge_patch(const kube::ResourceType& type, const kube::ObjectKey& key,
                                    const Json& patch) {
  if (!leading_()) return not_leading();
  return api_.merge_patch(type, key, patch);
}

Status FencedApi::remove(const kube::ResourceType& type, const kube::ObjectKey& key,
                         const kube::Precondition& precondition) {
  if (!leading_()) return not_leading();
  return api_.remove(type, key, precondition);
}

}  // namespace dualtrace::ctl
