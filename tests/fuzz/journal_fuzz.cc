// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to everything that reads the journal's files, by opening and draining a
// folder with a cursor and segments that contain them: unchanged, and with corrected checksums,
// which a fuzzer would never find.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/journal/format.h"
#include "agent/journal/journal.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

constexpr const char* kFolder = "/journal";

class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string take(size_t size) {
    std::string bytes(rest_.substr(0, size));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }

 private:
  std::string_view rest_;
};

// A segment whose parts verify but need not fit together; one byte in four records is wrong.
std::string sealed_segment(Input& in, uint64_t number) {
  uint64_t sequence = in.byte();
  std::string file =
      encode_segment_header({.number = number,
                             .segment_bytes = in.byte() * uint64_t{4096},
                             .base = {.records = sequence, .spans = in.byte(), .bytes = in.byte()},
                             .damaged_segments = in.byte()});
  for (int records = in.byte() % 16; records > 0; --records) {
    const std::string payload = in.take(in.byte());
    RecordHeader header{.payload_bytes = static_cast<uint32_t>(payload.size()),
                        .spans = in.byte(),
                        .sequence = sequence++,
                        .arrived_unix_nanos = 1,
                        .payload_crc = payload_crc(payload, number)};
    const uint8_t carried = in.byte();
    if (carried % 4 == 1) header.carried_for = lane_tag("arize");
    if (carried % 4 == 2) header.carried_for = carried;
    std::string record = encode_record_header(header, number) + payload;
    const uint8_t spoil = in.byte();
    if (spoil % 4 == 0) record[spoil % record.size()] ^= 1;
    file += record;
  }
  return file;
}

CursorState cursor(Input& in) {
  CursorState state;
  state.origin.records = in.byte();
  state.published = {.records = in.byte(), .spans = in.byte(), .bytes = in.byte()};
  state.watermark = in.byte();
  state.position = {.segment = in.byte() % 4u, .offset = 4096u + in.byte()};
  state.settled.delivered = in.byte();
  state.settled_bytes = in.byte();
  state.carried = in.byte();
  state.adopted = in.byte();
  state.known_to = in.byte();
  state.rebuilt_to = in.byte();
  state.taken_to = in.byte();
  for (int voids = in.byte() % 8; voids > 0; --voids) {
    state.voids.push_back({.first = in.byte(), .end = in.byte()});
  }
  for (int ranges = in.byte() % 8; ranges > 0; --ranges) {
    state.ranges.push_back({.first = in.byte(),
                            .end = in.byte(),
                            .after = {.segment = in.byte() % 4u, .offset = 4096u + in.byte()},
                            .spans = in.byte(),
                            .bytes = in.byte()});
  }
  return state;
}

// Whatever the folder contains: no invariant is violated, and the lane reaches the end.
void open_and_drain(MemoryFileSystem& files) {
  FakeClock clock;
  FakeScheduler scheduler(clock);
  const auto journal = Journal::open(
      {.folder = kFolder, .lanes = {"arize"}, .segment_bytes = 64 * 1024}, files, scheduler);
  if (!journal) std::abort();  // damage must not keep the agent from starting
  (*journal)->append("x", 1, [](const Status& status) {
    if (!status) std::abort();
  });
  scheduler.run_ready();
  JournalLane& lane = (*journal)->lane("arize");
  while (true) {
    const Result<JournalRead> read = lane.read();
    if (!read) std::abort();
    if (std::holds_alternative<JournalEnd>(*read)) break;
    if (const auto* record = std::get_if<JournalRecord>(&*read)) {
      lane.settle(record->sequence, {.delivered = record->spans});
    }
  }
  if (!lane.caught_up() || !lane.sync()) std::abort();
  scheduler.run_ready();
}

void run(std::string_view bytes) {
  Input in(bytes);
  MemoryFileSystem files;
  const auto put = [&files](const std::string& name, std::string_view content) {
    if (!write_file(files, std::string(kFolder) + "/" + name, content)) std::abort();
  };
  if (!files.make_folders(kFolder)) std::abort();
  const uint8_t mode = in.byte();
  if (mode % 2 == 0) {
    put("cursor-arize", encode_cursor_slot({.generation = in.byte(), .state = cursor(in)}));
  }
  for (const uint64_t number : {1u, 2u, 3u}) put(segment_name(number), sealed_segment(in, number));
  if (mode % 2 == 1) put("cursor-arize", bytes);
  if (mode % 4 == 3) put(segment_name(4), bytes);
  open_and_drain(files);
}

}  // namespace
}  // namespace dualtrace::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dualtrace::agent::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
