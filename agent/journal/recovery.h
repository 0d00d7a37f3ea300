// SPDX-License-Identifier: Apache-2.0
#pragma once
// Recovery: determines what a journal folder holds without reading the backlog. It reads every
// segment's header and the newest segment's records, and uses the cursors: whatever a lane has seen
// published existed.
// Used from one thread.

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "agent/journal/format.h"
#include "agent/journal/segment_table.h"
#include "common/io/file_system.h"

namespace dualtrace::agent {

struct RecoveredJournal {
  std::deque<Segment> segments;  // sealed, by number
  JournalTotals published;
  uint64_t next_number = 1;
  uint64_t damaged_segments = 0;
  std::vector<uint64_t> damaged_files;
  std::map<std::string, CursorSlot> cursors;  // by lane; only readable ones
  std::vector<std::string> damaged_cursors;   // lanes
};

// How to treat a header or cursor that the disk fails to read (kCorrupt). kWait: its content is
// unknown, so the whole folder waits. kDamaged, after enough retries: it counts as damaged. Any
// other failure says nothing about what is stored, so the folder always waits.
enum class Unreadable { kWait, kDamaged };

Result<RecoveredJournal> recover_journal(FileSystem& files, const std::string& folder,
                                         Unreadable unreadable);

}  // namespace dualtrace::agent
