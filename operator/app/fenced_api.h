// SPDX-License-Identifier: Apache-2.0
#pragma once
// FencedApi: an Api whose writes fail with kCancelled unless this process leads. Workers get this
// one, so that an operator that has lost its lease writes nothing more. Thread-safe.

#include <functional>

#include "common/kube/api.h"

namespace dualtrace::ctl {

class FencedApi final : public kube::Api {
 public:
  // `leading` is called right before each write; it is thread-safe. The api outlives it.
  FencedApi(kube::Api& api, std::function<bool()> leading);

  Result<Json> get(const kube::ResourceType& type, const kube::ObjectKey& key,
                   kube::Form form) override;
  Result<Json> create(const kube::ResourceType& type, const Json& object) override;
  Result<Json> update(const kube::ResourceType& type, const Json& object) override;
  Result<Json> apply(const kube::ResourceType& type, const Json& object,
                     const kube::ApplyOptions& options) override;
  Result<Json> merge_patch(const kube::ResourceType& type, const kube::ObjectKey& key,
                           const Json& patch) override;
  Status remove(const kube::ResourceType& type, const kube::ObjectKey& key,
                const kube::Precondition& precondition) override;

 private:
  kube::Api& api_;
  const std::function<bool()> leading_;
};

}  // namespace dualtrace::ctl
