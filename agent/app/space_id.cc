#include "agent/app/space_id.h"

#include <utility>

#include "common/config/space_id.h"

namespace dualtrace::agent {
namespace {

class SpaceId final : public Credential {
 public:
  explicit SpaceId(std::unique_ptr<Credential> file) : file_(std::move(file)) {}

  Result<std::string> value() override {
    Result<std::string> value = file_->value();
    if (!value) return value;
    if (Status checked = check_space_id(*value); !checked) {
      file_->invalidate();  // the next try finds the mended file, not what we keep of this one
      return fail(ErrorKind::kUnavailable, checked.error().message);
    }
    return value;
  }
  void invalidate() override { file_->invalidate(); }
  [[nodiscard]] std::string fingerprint() const override { return file_->fingerprint(); }

 private:
  const std::unique_ptr<Credential> file_;
};

}  // namespace

std::unique_ptr<Credential> make_space_id(std::unique_ptr<Credential> file) {
  return std::make_unique<SpaceId>(std::move(file));
}

}  // namespace dualtrace::agent
