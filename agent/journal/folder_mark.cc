// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/folder_mark.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace dualtrace::agent {
namespace {

constexpr const char* kName = "/owner";
constexpr std::string_view kUid = "uid ";
constexpr std::string_view kMaxAge = "maxAgeSeconds ";
constexpr size_t kBytesMax = 4096;

// The rest of the line that begins with the key; "" if there is none.
std::string_view value_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(key)) return line.substr(key.size());
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return "";
}

}  // namespace

Result<std::optional<FolderMark>> read_mark(FileSystem& files, const std::string& folder) {
  const std::string path = folder + kName;
  const Result<std::string> text = read_file(files, path, kBytesMax);
  if (!text && text.error().kind == ErrorKind::kNotFound) return std::optional<FolderMark>();
  if (!text) return fail(text.error());
  FolderMark mark{.uid = std::string(value_of(*text, kUid))};
  const std::string_view age = value_of(*text, kMaxAge);
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(age.data(), age.data() + age.size(), seconds);
  if (mark.uid.empty() || error != std::errc() || end != age.data() + age.size() || seconds < 0) {
    return fail(ErrorKind::kInvalid, path + ": does not name the folder's owner");
  }
  mark.max_age = std::chrono::seconds(seconds);
  return std::optional<FolderMark>(std::move(mark));
}

Status write_mark(FileSystem& files, const std::string& folder, const FolderMark& mark) {
  return write_file(files, folder + kName,
                    std::string(kUid) + mark.uid + "\n" + std::string(kMaxAge) +
                        std::to_string(mark.max_age.count()) + "\n");
}

bool may_take(const FolderRights& rights, const std::optional<FolderMark>& mark) {
  if (rights.mine.uid.empty() || !mark || mark->uid == rights.mine.uid) return true;
  const auto& others = rights.handed_over;
  return std::find(others.begin(), others.end(), mark->uid) != others.end();
}

}  // namespace dualtrace::agent
