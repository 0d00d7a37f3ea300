// SPDX-License-Identifier: Apache-2.0
#pragma once
// Recovery: what a journal folder holds, found out without reading the backlog: every segment's
// header and the newest segment's records. Cursors help: what a lane has seen published was there.
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
  std::map<std::string, CursorSlot> cursors;  // by lane; those that can be read
  std::vector<std::string> damaged_cursors;   // lanes
};

// What a header or a cursor is that the disk fails to read (kCorrupt): nobody knows, so that the
// whole folder waits; or, after that has been tried for long enough, damaged. Whatever else fails
// says nothing about what is stored: then the folder always waits.
enum class Unreadable { kWait, kDamaged };

Result<RecoveredJournal> recover_journal(FileSystem& files, const std::string& folder,
                                         Unreadable unreadable);

}  // namespace dualtrace::agent
