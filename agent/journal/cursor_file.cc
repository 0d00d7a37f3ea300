// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/cursor_file.h"

#include <utility>

namespace dualtrace::agent {
namespace {

uint64_t offset_of(uint64_t generation) { return generation % 2 * kCursorSlotBytes; }

}  // namespace

Result<std::optional<CursorSlot>> read_cursor(FileSystem& files, const std::string& path) {
  const Result<std::string> content = read_file(files, path, 2 * kCursorSlotBytes);
  if (!content && content.error().kind != ErrorKind::kExhausted) return fail(content.error());
  std::optional<CursorSlot> newest;
  if (!content) return newest;  // not a size that this code writes
  // The first version's second slot was at an offset that may now be within the first slot's
  // ranges.
  for (const uint64_t offset : {uint64_t{0}, kFirstCursorSlotBytes, kCursorSlotBytes}) {
    if (content->size() < offset) break;
    std::optional<CursorSlot> slot =
        decode_cursor_slot(std::string_view(*content).substr(offset, kCursorSlotBytes));
    const bool first_version = slot && slot->version == 1;
    if (!slot || (offset > 0 && first_version != (offset == kFirstCursorSlotBytes))) continue;
    if (!newest || slot->generation > newest->generation) newest = std::move(slot);
  }
  return newest;
}

Result<std::unique_ptr<CursorFile>> CursorFile::create(FileSystem& files, const std::string& path,
                                                       const CursorState& state) {
  std::string content = encode_cursor_slot({.generation = 0, .state = state});
  content.resize(2 * kCursorSlotBytes, '\0');
  if (Status written = write_file(files, path, content); !written) return fail(written.error());
  return open(files, path, 0);
}

Result<std::unique_ptr<CursorFile>> CursorFile::open(FileSystem& files, const std::string& path,
                                                     uint64_t generation) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::kReadWrite);
  if (!file) return fail(std::move(file).error());
  return std::unique_ptr<CursorFile>(new CursorFile(*std::move(file), generation));
}

// Writes the same bytes to the same slot, so that a power failure during the write tears nothing. A
// write to the other slot could tear the only durable one while this one is only in the page cache.
Status CursorFile::make_durable(const CursorState& state) { return write(generation_, state); }

Status CursorFile::store(const CursorState& state) {
  if (Status written = write(generation_ + 1, state); !written) return written;
  ++generation_;
  return {};
}

Status CursorFile::write(uint64_t generation, const CursorState& state) {
  const std::string slot = encode_cursor_slot({.generation = generation, .state = state});
  const std::string_view pieces[] = {slot};
  if (Status written = file_->write_at(offset_of(generation), pieces); !written) return written;
  return file_->sync();
}

}  // namespace dualtrace::agent
