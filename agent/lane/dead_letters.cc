#include "agent/lane/dead_letters.h"

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
  const bool request_kept = disk_bytes(letter.request.size()) + disk_bytes(0) <= options_.bytes_max;
  const std::string description = describe(letter, options_.destination, request_kept);
  const uint64_t bytes =
      disk_bytes(description.size()) + (request_kept ? disk_bytes(letter.request.size()) : 0);
  if (auto room = make_room(bytes); !room) return room;

  const uint64_t number = last_number_ + 1;
  if (request_kept) {
    auto written = write_file(files_, path(number, kRequestEnding), letter.request);
    if (!written) return written;
  }
  if (auto written = write_file(files_, path(number, kDescriptionEnding), description); !written) {
    return written;
  }
  last_number_ = number;
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
    auto number = number_of(name, kRequestEnding);
    if (!number) number = number_of(name, kDescriptionEnding);
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
    last_number_ = number;
  }
  looked_ = true;
  return {};
}

Status DeadLetters::make_room(uint64_t bytes) {
  while (!kept_.empty() && bytes_ + bytes > options_.bytes_max) {
    const Kept& oldest = kept_.front();
    for (const std::string_view ending : {kRequestEnding, kDescriptionEnding}) {
      Status removed = files_.remove(path(oldest.number, ending));
      if (!removed && removed.error().kind != ErrorKind::kNotFound) return removed;
    }
    bytes_ -= oldest.bytes;
    kept_.pop_front();
    removed_.increment();
  }
  return {};
}

std::string DeadLetters::path(uint64_t number, std::string_view ending) const {
  return options_.folder + "/" + std::to_string(number) + std::string(ending);
}

}  // namespace dualtrace::agent
