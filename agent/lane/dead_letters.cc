#include "agent/lane/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "agent/otlp/fields.h"
#include "agent/otlp/wire.h"
#include "common/time/rfc3339.h"

namespace dualtrace::agent {
namespace {

constexpr std::string_view kRequestEnding = ".otlp";
constexpr std::string_view kDescriptionEnding = ".json";

// A file takes whole blocks, and an entry in the folder: so the limit in bytes is one in files,
// too.
uint64_t disk_bytes(uint64_t file_bytes) {
  constexpr uint64_t kBlock = 4096;
  return (file_bytes / kBlock + 1) * kBlock;
}

std::optional<uint64_t> number_of(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// Of either file of a letter.
std::optional<uint64_t> letter_number(std::string_view name) {
  const auto number = number_of(name, kRequestEnding);
  return number ? number : number_of(name, kDescriptionEnding);
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

// Of the first span; empty when there is none or the bytes do not say.
std::string_view first_span(std::string_view request) {
  for (const uint32_t number :
       {kRequestResourceSpans, kResourceSpansScopeSpans, kScopeSpansSpans}) {
    request = first_field(request, number).value_or(std::string_view());
  }
  return request;
}

std::string describe(const DeadLetter& letter, const std::string& destination, bool request_kept) {
  const std::string_view span = first_span(letter.request);
  const nlohmann::ordered_json description = {
      {"destination", destination},
      {"reason", letter.reason},
      {"message", letter.message},
      {"when", rfc3339(letter.when)},
      {"arrived", rfc3339(letter.arrived)},
      {"spans", letter.spans},
      {"bytes", letter.request.size()},
      {"trace_id", hex(first_field(span, kSpanTraceId).value_or(std::string_view()))},
      {"span_id", hex(first_field(span, kSpanSpanId).value_or(std::string_view()))},
      {"request_kept", request_kept}};
  constexpr auto kReplaceBadUtf8 = nlohmann::ordered_json::error_handler_t::replace;
  return description.dump(2, ' ', false, kReplaceBadUtf8) + "\n";
}

}  // namespace

DeadLetters::DeadLetters(Options options, FileSystem& files, MetricRegistry& metrics)
    : options_(std::move(options)),
      files_(files),
      removed_(metrics.counter("dualtrace_lane_dead_letters_removed_total",
                               "Dead letters that were removed to make room for newer ones.",
                               {{"lane", options_.destination}})) {}

Status DeadLetters::keep(const DeadLetter& letter) {
  if (auto looked = look_at_folder(); !looked) return looked;
  const auto lock = files_.try_lock(options_.folder + "/lock");
  if (!lock) return fail(lock.error());
  const auto next = next_number();
  if (!next) return fail(next.error());
  const uint64_t number = *next;
  const bool request_kept = disk_bytes(letter.request.size()) + disk_bytes(0) <= options_.bytes_max;
  const std::string description = describe(letter, options_.destination, request_kept);
  const uint64_t bytes =
      disk_bytes(description.size()) + (request_kept ? disk_bytes(letter.request.size()) : 0);
  if (auto room = make_room(bytes); !room) return room;

  Status written;
  if (request_kept) written = write_file(files_, path(number, kRequestEnding), letter.request);
  if (written) written = write_file(files_, path(number, kDescriptionEnding), description);
  if (!written) {
    ignore(remove_files(number), "what stays of it is found and charged after the next start");
    return written;
  }
  kept_.push_back({number, bytes});
  bytes_ += bytes;
  return {};
}

Status DeadLetters::look_at_folder() {
  if (looked_) return {};
  if (auto made = files_.make_folders(options_.folder); !made) return made;
  const auto names = files_.list(options_.folder);
  if (!names) return fail(names.error());
  std::map<uint64_t, uint64_t> bytes_by_number;
  for (const std::string& name : *names) {
    const auto number = letter_number(name);
    if (!number) continue;
    auto file = files_.open(options_.folder + "/" + name, OpenMode::kRead);
    if (!file) return fail(file.error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    bytes_by_number[*number] += disk_bytes(*size);
  }
  for (const auto& [number, bytes] : bytes_by_number) {
    kept_.push_back({number, bytes});
    bytes_ += bytes;
  }
  looked_ = true;
  return {};
}

// Behind whatever is there: during an upgrade another agent keeps letters in the same folder.
Result<uint64_t> DeadLetters::next_number() {
  const auto names = files_.list(options_.folder);
  if (!names) return fail(names.error());
  uint64_t last = 0;
  for (const std::string& name : *names) {
    last = std::max(last, letter_number(name).value_or(0));
  }
  return last + 1;
}

Status DeadLetters::make_room(uint64_t bytes) {
  while (!kept_.empty() && bytes_ + bytes > options_.bytes_max) {
    const Kept& oldest = kept_.front();
    if (Status removed = remove_files(oldest.number); !removed) return removed;
    bytes_ -= oldest.bytes;
    kept_.pop_front();
    removed_.increment();
  }
  return {};
}

Status DeadLetters::remove_files(uint64_t number) {
  for (const std::string_view ending : {kRequestEnding, kDescriptionEnding}) {
    Status removed = files_.remove(path(number, ending));
    if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
  }
  return {};
}

std::string DeadLetters::path(uint64_t number, std::string_view ending) const {
  return options_.folder + "/" + std::to_string(number) + std::string(ending);
}

}  // namespace dualtrace::agent
