// SPDX-License-Identifier: Apache-2.0
#pragma once
// The Secret that holds the authorities, so that all replicas sign with the same one:
//   ca.crt, ca.key           the one that signs
//   next.crt, next.key       the one that will, once everybody trusts it
//   previous.crt             those that have signed, as long as there may be certificates of theirs
//   previous.until           when they are dropped, RFC 3339
// What cannot be used is read as if it were not there, and mended by the next write. Pure.

#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/certs/rotation.h"

namespace dualtrace::ctl {

struct StoredAuthorities {
  Authorities authorities;
  std::vector<std::string> faults;  // "ca.key: not a key in PEM without a passphrase"
};

[[nodiscard]] StoredAuthorities read_authorities(const Json& secret);
// The object to create, or the one that was read with the authorities put into it; what else it
// holds stays.
[[nodiscard]] Json authority_secret(const kube::ObjectKey& key, const Authorities& authorities);
[[nodiscard]] Json with_authorities(Json secret, const Authorities& authorities);
// Overwrites the values of its data in memory.
void wipe_data(Json& secret);

}  // namespace dualtrace::ctl
