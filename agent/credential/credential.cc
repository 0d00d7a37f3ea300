#include "agent/credential/credential.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/config/credential_text.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kBytesMax = 64 * 1024;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

class FileCredential final : public Credential {
 public:
  FileCredential(std::string path, Duration max_age, FileSystem& files, Clock& clock,
                 CheckCredential check)
      : path_(std::move(path)), max_age_(max_age), files_(files), clock_(clock), check_(check) {}

  Result<std::string> value() override {
    const Tick now = clock_.tick();
    {
      Lock lock(mutex_);
      if (read_at_ && now - *read_at_ < max_age_) return value_;
    }
    auto read = read_anew();
    Lock lock(mutex_);
    if (!read) {
      if (!read_at_) return fail(ErrorKind::kUnavailable, read.error().message);
      read_at_ = now;  // nobody has refused what we have: it serves on
      return value_;
    }
    adopt(*std::move(read), now);
    return value_;
  }

  Status look() override {
    const Tick now = clock_.tick();
    auto read = read_anew();
    if (!read) return fail(read.error());
    Lock lock(mutex_);
    adopt(*std::move(read), now);
    return {};
  }

  void invalidate() override {
    Lock lock(mutex_);
    read_at_.reset();
  }

  std::string fingerprint() const override {
    Lock lock(mutex_);
    return fingerprint_;
  }

 private:
  Result<std::string> read_anew() const {
    const auto unusable = [&](const std::string& why, ErrorKind kind = ErrorKind::kUnavailable) {
      return fail(kind, "credential file " + path_ + ": " + why);
    };
    const auto content = read_file(files_, path_, kBytesMax);
    if (!content) {
      if (content.error().kind == ErrorKind::kExhausted) return unusable("larger than 64 KiB");
      const bool missing = content.error().kind == ErrorKind::kNotFound;
      return unusable(content.error().message,
                      missing ? ErrorKind::kNotFound : ErrorKind::kUnavailable);
    }
    const std::string_view text = trimmed(*content);
    if (text.empty()) return unusable("is empty; put the value into the Secret");
    if (const Status checked = check_(text); !checked) return unusable(checked.error().message);
    return std::string(text);
  }

  void adopt(std::string value, Tick now) DT_REQUIRES(mutex_) {
    read_at_ = now;
    if (value_ != value) fingerprint_ = credential_fingerprint(value);
    value_ = std::move(value);
  }

  const std::string path_;
  const Duration max_age_;
  FileSystem& files_;
  Clock& clock_;
  const CheckCredential check_;

  mutable Mutex mutex_;
  std::optional<Tick> read_at_ DT_GUARDED_BY(mutex_);
  std::string value_ DT_GUARDED_BY(mutex_);
  std::string fingerprint_ DT_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Credential> make_file_credential(std::string path, Duration max_age,
                                                 FileSystem& files, Clock& clock,
                                                 CheckCredential check) {
  return std::make_unique<FileCredential>(std::move(path), max_age, files, clock, check);
}

}  // namespace dualtrace::agent
