// SPDX-License-Identifier: Apache-2.0
#pragma once
// TemporaryFolder: a folder that is deleted with the object. Used from one thread.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace dualtrace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dualtrace-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // The path of a file in it, with this content.
  [[nodiscard]] std::string file(const std::string& name, std::string_view content) const {
    EXPECT_TRUE(std::ofstream(path_ / name, std::ios::binary) << content) << name;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace dualtrace
