// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/recovery.h"

#include <algorithm>
#include <utility>

#include "agent/journal/cursor_file.h"
#include "agent/journal/segment_reader.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

struct FoundFile {
  uint64_t number = 0;
  uint64_t bytes = 0;
  std::optional<SegmentHeader> header;  // nullopt: damaged, or never completed
};

Result<FoundFile> look_at(FileSystem& files, const std::string& path, uint64_t number) {
  const auto file = files.open(path, OpenMode::kRead);
  if (!file) return fail(file.error());
  std::string block(kSegmentHeaderBytes, '\0');
  const Result<size_t> n = (*file)->read_at(0, block);
  if (!n) return fail(n.error());
  block.resize(*n);
  const Result<uint64_t> size = (*file)->size();
  if (!size) return fail(size.error());
  return FoundFile{.number = number, .bytes = *size, .header = decode_segment_header(block)};
}

// Reads the content of the newest segments, and syncs them: a record that was found but is not yet
// durable must not be lost after a lane has read it.
Result<SegmentContent> scan(FileSystem& files, const std::string& path, const FoundFile& found,
                            uint64_t first) {
  auto file = files.open(path, OpenMode::kReadWrite);
  if (!file) return fail(std::move(file).error());
  if (Status synced = (*file)->sync(); !synced) return fail(synced.error());
  SegmentReader reader(*std::move(file), found.number);
  return scan_segment(reader, first, found.bytes);
}

void add(JournalTotals& totals, const JournalTotals& more) {
  totals.records += more.records;
  totals.spans += more.spans;
  totals.bytes += more.bytes;
}

bool within(const JournalTotals& part, const JournalTotals& whole) {
  return part.records <= whole.records && part.spans <= whole.spans && part.bytes <= whole.bytes;
}

class Recovery {
 public:
  Recovery(FileSystem& files, const std::string& folder, Unreadable unreadable)
      : files_(files), folder_(folder), unreadable_(unreadable) {}

  Result<RecoveredJournal> run() {
    const Result<std::vector<std::string>> names = files_.list(folder_);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      if (Status taken = take(name); !taken) {
        return fail(taken.error().with_prefix("journal: recover " + name + ": "));
      }
    }
    if (Status ended = find_end(); !ended) {
      return fail(ended.error().with_prefix("journal: recover: "));
    }
    add_segments();
    journal_.damaged_segments =
        std::max<uint64_t>(journal_.damaged_segments, journal_.damaged_files.size());
    return std::move(journal_);
  }

 private:
  Status take(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    if (name.ends_with(".new")) return files_.remove(path);  // a cursor that was never completed
    if (name.starts_with("cursor-")) return take_cursor(path, name.substr(7));
    if (const auto number = number_in(name, "damaged-")) {
      use_number(*number);
      journal_.damaged_files.push_back(*number);
    }
    const auto number = number_in(name, "segment-");
    if (!number) return {};
    use_number(*number);
    Result<FoundFile> found = look_at(files_, path, *number);
    if (!found && is_damage(found.error())) {
      found_.push_back({.number = *number, .bytes = 0, .header = std::nullopt});
      return {};
    }
    if (!found) return fail(found.error());
    if (found->header) use_number(found->header->number);
    if (found->header && found->header->number != *number) {
      return files_.remove(path);  // recycling was interrupted; nothing was appended yet
    }
    found_.push_back(*std::move(found));
    return {};
  }

  Status take_cursor(const std::string& path, const std::string& lane) {
    Result<std::optional<CursorSlot>> slot = read_cursor(files_, path);
    if (!slot && is_damage(slot.error())) slot = std::optional<CursorSlot>();
    if (!slot) return fail(slot.error());
    if (*slot) {
      newest_visited_ = std::max(newest_visited_, (*slot)->state.position.segment);
      use_number(newest_visited_);
      journal_.cursors.emplace(lane, **std::move(slot));
    } else {
      journal_.damaged_cursors.push_back(lane);
    }
    return {};
  }

  [[nodiscard]] bool is_damage(const Error& error) const {
    return unreadable_ == Unreadable::kDamaged && error.kind == ErrorKind::kCorrupt;
  }

  void use_number(uint64_t number) {
    journal_.next_number = std::max(journal_.next_number, number + 1);
  }

  // The journal ends after the last intact record, but not before the end that a cursor has seen.
  // If a cursor has been in a newer segment than any that exists, that segment was recycled. Then
  // nothing shows where the segment before it ends: records after that point may have been
  // refused.
  Status find_end() {
    // Only the newest segment's end must be found: any other segment ends at its successor's base.
    // A segment without a header cannot be placed, so the newest is the last one with a header.
    JournalTotals lost;  // in newest segments whose header is damaged
    while (!found_.empty() && !found_.back().header) {
      Result<SegmentContent> content = scan_headless(found_.back());
      if (!content && is_damage(content.error())) {
        // Its records cannot be counted, unless a cursor has seen them. The file is kept for
        // inspection.
        headless_.push_back(found_.back());
        found_.pop_back();
        continue;
      }
      if (!content) return fail(content.error());
      // If it has no records, the power failed while it was begun, and no record was acknowledged.
      if (content->totals.records > 0) {
        add(lost, content->totals);
        headless_.push_back(found_.back());
      } else if (Status removed = files_.remove(path_of(found_.back())); !removed) {
        return removed;
      }
      found_.pop_back();
    }
    JournalTotals& end = journal_.published;
    if (!found_.empty()) {
      const FoundFile& newest = found_.back();
      end = newest.header->base;
      journal_.damaged_segments = newest.header->damaged_segments;
      if (newest.number >= newest_visited_) {
        const auto content = scan(files_, path_of(newest), newest, end.records);
        if (!content) return fail(content.error());
        add(end, content->totals);
      }
    }
    // They were accepted. In the total, they are reported as lost instead of being forgotten.
    add(end, lost);
    // Records that a cursor has seen were published, even if their file is missing or damaged.
    // Their sequences must not be used again: the cursor would mistake new records for settled
    // ones.
    for (const auto& [lane, slot] : journal_.cursors) {
      const JournalTotals& seen = slot.state.published;
      if (seen.records > end.records) end = seen;
    }
    return {};
  }

  // Records verify by the file's number alone, so they can be counted without the segment's header.
  // They cannot be placed, but they must not be lost silently.
  Result<SegmentContent> scan_headless(const FoundFile& found) {
    const auto file = files_.open(path_of(found), OpenMode::kRead);
    if (!file) return fail(file.error());
    std::string bytes(kRecordHeaderBytes, '\0');
    const Result<size_t> n = (*file)->read_at(kSegmentHeaderBytes, bytes);
    if (!n) return fail(n.error());
    bytes.resize(*n);
    const std::optional<RecordHeader> first = decode_record_header(bytes, found.number);
    if (!first) return SegmentContent{};
    return scan(files_, path_of(found), found, first->sequence);
  }

  void add_segments() {
    // They get a place without records, so that they are set aside once the lanes have passed it.
    for (const FoundFile& found : headless_) found_.push_back(found);
    std::sort(found_.begin(), found_.end(),
              [](const FoundFile& a, const FoundFile& b) { return a.number < b.number; });
    // A segment whose header is damaged, or states more than its successor's (a file from another
    // journal), gets its successor's base, and therefore no records.
    JournalTotals base = journal_.published;
    for (auto found = found_.rbegin(); found != found_.rend(); ++found) {
      const bool readable = found->header && within(found->header->base, base);
      if (readable) base = found->header->base;
      journal_.segments.push_front({.number = found->number,
                                    .bytes = found->bytes,
                                    .base = base,
                                    .readable_to = found->bytes,
                                    .readable = readable,
                                    .damaged = !readable});
    }
  }

  [[nodiscard]] std::string path_of(const FoundFile& found) const {
    return folder_ + "/" + segment_name(found.number);
  }

  FileSystem& files_;
  const std::string& folder_;
  const Unreadable unreadable_;
  RecoveredJournal journal_;
  uint64_t newest_visited_ = 0;  // the newest segment that a cursor has been in
  std::vector<FoundFile> found_;
  std::vector<FoundFile> headless_;
};

}  // namespace

Result<RecoveredJournal> recover_journal(FileSystem& files, const std::string& folder,
                                         Unreadable unreadable) {
  return Recovery(files, folder, unreadable).run();
}

}  // namespace dualtrace::agent
