#include "agent/credential/credential.h"

#include <algorithm>
#include <optional>

#include "common/bytes/sha256.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kBytesMax = 64 * 1024;
constexpr size_t kFingerprintDigits = 8;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

class FileCredential final : public Credential {
 public:
  FileCredential(std::string path, Duration max_age, FileSystem& files, Clock& clock)
      : path_(std::move(path)), max_age_(max_age), files_(files), clock_(clock) {}

  Result<std::string> value() override {
    const Tick now = clock_.tick();
    {
      Lock lock(mutex_);
      if (read_at_ && now - *read_at_ < max_age_) return value_;
    }
    auto read = read_anew();
    Lock lock(mutex_);
    if (!read) {
      if (!read_at_) return fail(read.error());
      read_at_ = now;  // nobody has refused what we have: it serves on
      return value_;
    }
    read_at_ = now;
    if (value_ != *read) fingerprint_ = sha256_hex(*read, kFingerprintDigits);
    value_ = *std::move(read);
    return value_;
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
    const auto unusable = [&](const std::string& why) {
      return fail(ErrorKind::kUnavailable, "credential file " + path_ + ": " + why);
    };
    const auto content = read_file(files_, path_, kBytesMax);
    if (!content) {
      if (content.error().kind == ErrorKind::kExhausted) return unusable("larger than 64 KiB");
      return unusable(content.error().message);
    }
    const std::string_view text = trimmed(*content);
    if (text.empty()) return unusable("empty");
    if (std::any_of(text.begin(), text.end(), is_control)) {
      return unusable("has a control character in it");
    }
    return std::string(text);
  }

  const std::string path_;
  const Duration max_age_;
  FileSystem& files_;
  Clock& clock_;

  mutable Mutex mutex_;
  std::optional<Tick> read_at_ DT_GUARDED_BY(mutex_);
  std::string value_ DT_GUARDED_BY(mutex_);
  std::string fingerprint_ DT_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Credential> make_file_credential(std::string path, Duration max_age,
                                                 FileSystem& files, Clock& clock) {
  return std::make_unique<FileCredential>(std::move(path), max_age, files, clock);
}

}  // namespace dualtrace::agent
