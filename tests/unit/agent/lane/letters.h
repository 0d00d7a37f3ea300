// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the output of DeadLetters: the lines of all the files in a folder, in order.

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "common/bytes/base64.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {

inline std::vector<nlohmann::json> letters_in(MemoryFileSystem& files, const std::string& folder) {
  std::vector<nlohmann::json> letters;
  for (const std::string& name : files.names(folder)) {
    if (!name.ends_with(".jsonl")) continue;
    std::istringstream lines(files.content(folder + "/" + name));
    for (std::string line; std::getline(lines, line);)
      letters.push_back(nlohmann::json::parse(line));
  }
  return letters;
}

inline std::string request_of(const nlohmann::json& letter) {
  return decode_base64(letter["request"].get<std::string>()).value();
}

}  // namespace dualtrace::agent
