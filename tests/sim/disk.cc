// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/disk.h"

namespace dualtrace::agent::sim {
namespace {

const char* name_of(DiskCall call) {
  switch (call) {
    case DiskCall::kOpen:
      return "open";
    case DiskCall::kRead:
      return "read file";
    case DiskCall::kWrite:
      return "write";
    case DiskCall::kSync:
      return "sync";
    case DiskCall::kAllocate:
      return "allocate";
    case DiskCall::kList:
      return "list";
    case DiskCall::kRename:
      return "rename";
    case DiskCall::kRemove:
      return "remove";
    case DiskCall::kSyncFolder:
      return "sync folder";
  }
  return "";
}

}  // namespace

Disk::Disk(Random& random) : random_(random) {
  files.failed_syncs = &random;
  files.on_call = [this](const DiskOperation& operation) { return on_call(operation); };
}

void Disk::watch(Witness& witness, Trace& trace) {
  witness_ = &witness;
  trace_ = &trace;
}

DiskFault Disk::on_call(const DiskOperation& operation) {
  const DiskCall call = operation.call;
  const std::string& path = operation.path;
  if (gone) return {.kind = DiskFault::Kind::kGone};
  const DiskFault fault = draw(call);
  const bool well = fault.kind != DiskFault::Kind::kFails;
  trace_->add(name_of(call), path, static_cast<uint64_t>(fault.kind), fault.percent);
  if (!well) ++failures;
  if (fault.kind == DiskFault::Kind::kDies) return fault;
  if (call == DiskCall::kRemove && path.find("/cursor-") != std::string::npos) {
    witness_->cursor_removed(path);
  }
  if (call == DiskCall::kSync && path.find("/segment-") != std::string::npos) {
    witness_->segment_synced(path, well);
  }
  if (call == DiskCall::kSync && path.find("/dead-letters") != std::string::npos) {
    witness_->letters_changed();
  }
  return fault;
}

DiskFault Disk::draw(DiskCall call) {
  if (trouble.dies > 0 && random_.below(65536) < trouble.dies) {
    const bool before = random_.below(3) == 0;
    return {.kind = before ? DiskFault::Kind::kDies : DiskFault::Kind::kDiesAfter,
            .percent = random_.below(3) == 0 ? 100 : static_cast<uint32_t>(random_.below(101))};
  }
  uint32_t chance = trouble.other_fails;
  if (call == DiskCall::kRead) chance = trouble.read_fails;
  if (call == DiskCall::kWrite) chance = trouble.write_fails;
  if (call == DiskCall::kSync || call == DiskCall::kSyncFolder) chance = trouble.sync_fails;
  if (chance == 0 || random_.below(65536) >= chance) return {};
  return {.kind = DiskFault::Kind::kFails, .percent = static_cast<uint32_t>(random_.below(101))};
}

}  // namespace dualtrace::agent::sim
