// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/options.h"

#include <CLI/CLI.hpp>

#include "common/version/version.h"
#include "tests/sandbox/files.h"

namespace dualtrace::sandbox {
namespace {

Status read_keys(const std::vector<std::string>& files,
                 std::optional<std::set<std::string>>& into) {
  for (const std::string& file : files) {
    auto lines = read_lines(file);
    if (!lines) return fail(lines.error());
    if (!into) into.emplace();
    into->insert(lines->begin(), lines->end());
  }
  return {};
}

// "catalog.schema.table=v2"
Status read_table(const std::string& text, Access& access) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string version = equals == std::string::npos ? "v2" : text.substr(equals + 1);
  if (!is_three_part_name(name) || (version != "v1" && version != "v2"))
    return fail(ErrorKind::kInvalid,
                "--databricks-table " + text + ": not catalog.schema.table=v1 or =v2");
  if (!access.databricks_tables) access.databricks_tables.emplace();
  access.databricks_tables->insert_or_assign(name, version);
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options options;
  std::vector<std::string> key_files;
  std::vector<std::string> token_files;
  std::vector<std::string> spaces;
  std::vector<std::string> tables;
  std::vector<std::string> dns_names;
  std::string access_file;
  bool no_bodies = false;

  CLI::App app("Simulates Arize and Databricks locally, as strictly as they check requests.");
  app.set_version_flag("--version", version_line("dualtrace-sandbox"));
  app.add_option("--folder", options.folder, "Folder for spans.db, ports.json and ca.pem")
      ->required();
  app.add_option("--listen", options.listen, "The address of all ports");
  app.add_option("--arize-grpc-port", options.ports.arize_grpc, "0: any free port");
  app.add_option("--arize-http-port", options.ports.arize_http, "0: any free port");
  app.add_option("--databricks-port", options.ports.databricks, "0: any free port");
  app.add_option("--zerobus-port", options.ports.zerobus, "0: any free port");
  app.add_option("--admin-port", options.admin_port, "0: any free port");
  app.add_flag("--tls", options.tls, "The destinations use TLS; the admin port never does");
  app.add_option("--dns-name", dns_names, "Another name in the certificate; repeatable");
  app.add_option("--arize-api-key-file", key_files, "Valid keys, one per line; default: any key");
  app.add_option("--arize-space", spaces, "Valid space ID (base64), repeatable; default: any");
  app.add_option("--databricks-token-file", token_files,
                 "Valid tokens, one per line; default: any token");
  app.add_option("--databricks-table", tables,
                 "catalog.schema.table=v1|v2, repeatable; default: any");
  app.add_option("--access-file", access_file,
                 "JSON as for POST /credentials; overrides the other options");
  app.add_flag("--no-bodies", no_bodies, "Do not store the bodies of requests");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return fail(ErrorKind::kCancelled, app.help());
  } catch (const CLI::CallForVersion& asked) {
    return fail(ErrorKind::kCancelled, asked.what());
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::kInvalid, error.what());
  }

  options.keep_bodies = !no_bodies;
  options.names.insert(options.names.end(), dns_names.begin(), dns_names.end());
  if (!spaces.empty()) options.access.arize_spaces.emplace(spaces.begin(), spaces.end());
  if (auto read = read_keys(key_files, options.access.arize_api_keys); !read)
    return fail(read.error());
  if (auto read = read_keys(token_files, options.access.databricks_tokens); !read)
    return fail(read.error());
  for (const std::string& table : tables)
    if (auto read = read_table(table, options.access); !read) return fail(read.error());
  if (access_file.empty()) return options;
  auto text = read_text(access_file);
  if (!text) return fail(text.error());
  AccessBook book(std::move(options.access));
  if (auto updated = book.update(*text); !updated)
    return fail(updated.error().with_prefix(access_file + ": "));
  options.access = *book.current();
  return options;
}

}  // namespace dualtrace::sandbox
