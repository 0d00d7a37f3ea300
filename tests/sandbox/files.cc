// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/files.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace dualtrace::sandbox {

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad()) return fail(ErrorKind::kNotFound, "cannot read " + path);
  return text.str();
}

Result<std::vector<std::string>> read_lines(const std::string& path) {
  auto text = read_text(path);
  if (!text) return fail(text.error());
  std::vector<std::string> lines;
  std::istringstream stream(*text);
  for (std::string line; std::getline(stream, line);) {
    constexpr const char* kBlank = " \t\r";
    const size_t first = line.find_first_not_of(kBlank);
    if (first == std::string::npos) continue;
    lines.push_back(line.substr(first, line.find_last_not_of(kBlank) - first + 1));
  }
  return lines;
}

Status write_text(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".new";
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) return fail(ErrorKind::kInternal, "cannot write " + path);
  return {};
}

}  // namespace dualtrace::sandbox
