#pragma once
// SpaceId: the credential file with Arize's space id, read through a check. Arize answers OK to a
// space's *name* and stores nothing, so a value that cannot be an id is treated as no value: the
// lane pauses and keeps its data until the file is right. Thread-safe.

#include <memory>

#include "agent/credential/credential.h"

namespace dualtrace::agent {

std::unique_ptr<Credential> make_space_id(std::unique_ptr<Credential> file);

}  // namespace dualtrace::agent
