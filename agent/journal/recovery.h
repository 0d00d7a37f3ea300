// SPDX-License-Identifier: Apache-2.0
#pragma once
// Recovery: finds out what a journal folder holds without reading the backlog: it reads every
// segment's header and the newest segment's records. Cursors help: what a lane has seen published
// existed.
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

// What to assume about a header or a cursor that the disk fails to read (kCorrupt): its content is
// unknown, so that the whole folder waits; or, after enough retries, it is damaged. Any other
// failure gives no information about what is stored: then the folder always waits.
enum class Unreadable { kWait, kDamaged };

Result<RecoveredJournal> recover_journal(FileSystem& files, const std::string& folder,
                                         Unreadable unreadable);

}  // namespace dualtrace::agent
