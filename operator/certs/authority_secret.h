// SPDX-License-Identifier: Apache-2.0
#pragma once
// The Secret that holds the certificate authorities, so that all replicas sign with the same one:
//   ca.crt, ca.key           the authority that signs
//   next.crt, next.key       the authority that will sign once every client trusts it
//   previous.crt             earlier authorities, while certificates signed by them may exist
//   previous.until           when these are dropped, RFC 3339
// Unusable entries are read as missing, and the next write fixes them. Pure.

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
// The object to create, or the given one with the authorities put into it; its other entries stay.
[[nodiscard]] Json authority_secret(const kube::ObjectKey& key, const Authorities& authorities);
[[nodiscard]] Json with_authorities(Json secret, const Authorities& authorities);
// Overwrites the values of its data in memory.
void wipe_data(Json& secret);

}  // namespace dualtrace::ctl
