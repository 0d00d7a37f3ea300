#pragma once
// Credential: one secret value in a file beside the configuration (a mounted Secret's key). Read
// anew at most once a `max_age`, and at once after invalidate(), so that a rotated Secret is used
// without a restart. A value that was not refused serves on while its file cannot be read. It never
// reaches a log, an error text or a metric. Thread-safe.

#include <memory>
#include <string>
#include <string_view>

#include "common/error/result.h"
#include "common/io/file_system.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Credential {
 public:
  virtual ~Credential() = default;
  // Without surrounding white space. kUnavailable, naming the file, when there is none and the file
  // cannot be read, is larger than 64 KiB or has what cannot be one.
  virtual Result<std::string> value() = 0;
  // Reads the file now, and uses what it finds, if that can be a credential. Else why not:
  // kNotFound when there is no such file, kUnavailable naming it when its content is of no use.
  virtual Status look() = 0;
  // The destination refused it: read the file again at the next value().
  virtual void invalidate() = 0;
  // First 8 hex digits of SHA-256 of the value, to show which version is in use; "" before the
  // first.
  [[nodiscard]] virtual std::string fingerprint() const = 0;
};

// `check` says of a text without surrounding white space whether it can be the credential; its
// error does not repeat the text. The references outlive it.
using CheckCredential = Status (*)(std::string_view text);
std::unique_ptr<Credential> make_file_credential(std::string path, Duration max_age,
                                                 FileSystem& files, Clock& clock,
                                                 CheckCredential check);

}  // namespace dualtrace::agent
