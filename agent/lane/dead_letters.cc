// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "common/bytes/base64.h"
#include "common/time/rfc3339.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kEnding = ".jsonl";
// Agents before 0.2 wrote two files per letter. These files count, and are removed first.
constexpr std::string_view kOldRequestEnding = ".otlp";
constexpr std::string_view kOldDescriptionEnding = ".json";

// The folder's limit is divided among this many files, so that making room removes little.
constexpr uint64_t kFiles = 8;

uint64_t disk_bytes(uint64_t file_bytes) {
  constexpr uint64_t kBlock = 4096;
  return (file_bytes / kBlock + 1) * kBlock;
}

std::optional<uint64_t> number_of(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view ending = name.substr(dot);
  if (ending != kEnding && ending != kOldRequestEnding && ending != kOldDescriptionEnding) {
    return std::nullopt;
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + dot, number);
  if (error != std::errc() || end != name.data() + dot) return std::nullopt;
  return number;
}

std::optional<std::string_view> first_field(std::string_view message, uint32_t number) {
  WireReader reader(message);
  while (const auto field = reader.next()) {
    if (field->number == number && field->type == WireType::kBytes) return field->value;
  }
  return std::nullopt;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4];
    text += kDigits[value & 0xF];
  }
  return text;
}

// The first span; empty if there is none or the bytes do not contain it.
std::string_view first_span(std::string_view request) {
  for (const uint32_t number :
       {kRequestResourceSpans, kResourceSpansScopeSpans, kScopeSpansSpans}) {
    request = first_field(request, number).value_or(std::string_view());
  }
  return request;
}

std::string line_of(const DeadLetter& letter, const std::string& destination,
                    size_t line_bytes_max) {
  const std::string_view span = first_span(letter.request);
  nlohmann::ordered_json line = {
      {"destination", destination},
      {"reason", letter.reason},
      {"message", letter.message},
      {"when", rfc3339(letter.when)},
      {"arrived", rfc3339(letter.arrived)},
      {"spans", letter.spans},
      {"bytes", letter.request.size()},
      {"trace_id", hex(first_field(span, kSpanTraceId).value_or(std::string_view()))},
      {"span_id", hex(first_field(span, kSpanSpanId).value_or(std::string_view()))}};
  constexpr auto kReplaceBadUtf8 = nlohmann::ordered_json::error_handler_t::replace;
  std::string description = line.dump(-1, ' ', false, kReplaceBadUtf8);
  std::string request = encode_base64(letter.request);
  if (description.size() + request.size() + 32 > line_bytes_max) {
    description.back() = ',';
    return description + "\"request\":null}\n";
  }
  description.back() = ',';
  return description + "\"request\":\"" + request + "\"}\n";
}

}  // namespace

DeadLetters::DeadLetters(Options options, FileSystem& files, MetricRegistry& metrics)
    : options_(std::move(options)),
      files_(files),
      removed_(metrics.counter("dualtrace_lane_dead_letters_removed_total",
                               "Dead letters that were removed to make room for newer ones.",
                               {{"lane", options_.destination}})) {}

uint64_t DeadLetters::file_bytes_max() const { return options_.bytes_max / kFiles; }

void DeadLetters::add(const DeadLetter& letter) {
  lines_ += line_of(letter, options_.destination, file_bytes_max());
}

Status DeadLetters::keep() {
  if (lines_.empty()) return {};
  Status kept = append();
  lines_.clear();
  // After a failed append, the content after the last good line is unknown, so the next letter
  // begins a new file. A file without a good line is removed, so that such files do not pile up
  // while the disk is full.
  if (!kept && std::exchange(file_, nullptr) != nullptr && end_ == 0) {
    ignore(files_.remove(path_), "it counts against the limit and is removed in its turn");
  }
  return kept;
}

Status DeadLetters::append() {
  if (Status room = make_room(lines_.size()); !room) return room;
  const std::string_view pieces[] = {lines_};
  if (Status written = file_->write_at(end_, pieces); !written) return written;
  if (Status synced = file_->sync(); !synced) return synced;
  end_ += lines_.size();
  return {};
}

Status DeadLetters::make_room(uint64_t bytes) {
  if (file_ != nullptr && end_ + bytes <= file_bytes_max()) return {};
  if (Status made = files_.make_folders(options_.folder); !made) return made;
  // The lock makes two agents take turns at finding a free number.
  const auto lock = files_.try_lock(options_.folder + "/lock");
  if (!lock) return fail(lock.error());
  return begin_file(bytes);
}

Status DeadLetters::begin_file(uint64_t bytes) {
  const auto names = files_.list(options_.folder);
  if (!names) return fail(names.error());
  struct Kept {
    uint64_t bytes = 0;
    std::vector<std::string> names;
  };
  std::map<uint64_t, Kept> kept;  // by number: oldest first
  uint64_t total = 0;
  for (const std::string& name : *names) {
    const auto number = number_of(name);
    if (!number) continue;
    auto file = files_.open(options_.folder + "/" + name, OpenMode::kRead);
    if (!file) return fail(file.error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    kept[*number].bytes += disk_bytes(*size);
    kept[*number].names.push_back(name);
    total += disk_bytes(*size);
  }
  const uint64_t next = kept.empty() ? 1 : kept.rbegin()->first + 1;
  const uint64_t wanted = std::max(disk_bytes(bytes), file_bytes_max());
  for (auto oldest = kept.begin(); oldest != kept.end() && total + wanted > options_.bytes_max;
       ++oldest) {
    for (const std::string& name : oldest->second.names) {
      const auto letters = letters_in(name);
      if (!letters) return fail(letters.error());
      Status removed = files_.remove(options_.folder + "/" + name);
      if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
      removed_.add(static_cast<double>(*letters));
    }
    total -= oldest->second.bytes;
  }
  path_ = options_.folder + "/" + std::to_string(next) + std::string(kEnding);
  auto file = files_.open(path_, OpenMode::kCreate);
  if (!file) return fail(file.error());
  file_ = *std::move(file);
  end_ = 0;
  return files_.sync_folder(options_.folder);
}

// Counts lines. Of the old pairs of files, the description counts as one letter.
Result<uint64_t> DeadLetters::letters_in(const std::string& name) {
  if (name.ends_with(kOldDescriptionEnding)) return uint64_t{1};
  if (!name.ends_with(kEnding)) return uint64_t{0};
  const auto content =
      read_file(files_, options_.folder + "/" + name, options_.bytes_max + (1 << 20));
  if (!content) return fail(content.error());
  return static_cast<uint64_t>(std::count(content->begin(), content->end(), '\n'));
}

}  // namespace dualtrace::agent
