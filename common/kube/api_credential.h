// SPDX-License-Identifier: Apache-2.0
#pragma once
// ApiCredential: the current credential for the API server. Tokens in files and those of plugins
// change while we run. Used by Caller.
// Used from one thread. Neither its errors nor its users ever print its content.

#include <memory>
#include <string>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/kube/config.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

struct Shown {
  std::string authorization{};  // the header's value; "": none
  // PEM, used instead of ClientConfig's; both or neither.
  std::string certificate{};
  std::string key{};

  bool operator==(const Shown&) const = default;
};

class ApiCredential {
 public:
  virtual ~ApiCredential() = default;
  // May block for as long as a plugin may take. kDenied if there is none.
  virtual Result<Shown> current() = 0;
  // The API server rejected it (401): the next current() looks for another one.
  virtual void refused() = 0;
};

// `files` and `clock` outlive it.
std::unique_ptr<ApiCredential> make_api_credential(const ClientConfig& config, FileSystem& files,
                                                   Clock& clock);

}  // namespace dualtrace::kube
