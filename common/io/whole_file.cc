// SPDX-License-Identifier: Apache-2.0
#include "common/io/file_system.h"

namespace dualtrace {

Result<std::string> read_file(FileSystem& files, const std::string& path, size_t bytes_max) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::kRead);
  if (!file) return fail(std::move(file).error());
  // Reading one byte more than allowed detects a file that is too large, whatever size it reports.
  const Result<uint64_t> size = (*file)->size();
  if (!size) return fail(size.error());
  std::string content;
  if (*size <= bytes_max) {
    content.resize(*size + 1);
    const Result<size_t> n = (*file)->read_at(0, content);
    if (!n) return fail(n.error());
    content.resize(*n);
  }
  if (*size > bytes_max || content.size() > bytes_max) {
    return fail(ErrorKind::kExhausted,
                path + ": larger than " + std::to_string(bytes_max) + " bytes");
  }
  return content;
}

Status write_file(FileSystem& files, const std::string& path, std::string_view content) {
  const std::string temporary = path + ".new";
  if (Status removed = files.remove(temporary); !removed) {
    ignore(removed, "usually there is none; a longer one would keep its old end");
  }
  {
    Result<std::unique_ptr<File>> file = files.open(temporary, OpenMode::kCreate);
    if (!file) return fail(std::move(file).error());
    const std::string_view pieces[] = {content};
    if (Status written = (*file)->write_at(0, pieces); !written) return written;
    if (Status synced = (*file)->sync(); !synced) return synced;
  }
  if (Status renamed = files.rename(temporary, path); !renamed) return renamed;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return files.sync_folder(".");
  return files.sync_folder(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace dualtrace
