#include "operator/webhook/export_reviewer.h"

#include <algorithm>
#include <set>

#include "operator/plan/layout.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kFaultsTold = 5;

// One warning each: the API server cuts them when they are long.
std::vector<std::string> told(const std::vector<ExportFault>& faults) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < std::min(faults.size(), kFaultsTold); ++i) {
    warnings.push_back(to_string({faults[i]}));
  }
  if (faults.size() > kFaultsTold) {
    warnings.push_back("and " + std::to_string(faults.size() - kFaultsTold) + " faults more");
  }
  return warnings;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

}  // namespace

std::vector<std::string> ExportReviewer::missing_secrets(const DualTraceExport& wanted) const {
  std::vector<std::string> warnings;
  if (!questions_.has_secret) return warnings;
  std::set<std::string> asked;
  for (const MountedFile& file : mounted_files(wanted)) {
    if (file.source != FileSource::kSecret || !asked.insert(file.reference.name).second) continue;
    if (questions_.has_secret({wanted.key.namespace_name, file.reference.name}) == false) {
      warnings.push_back("there is no Secret " + file.reference.name + " in namespace " +
                         wanted.key.namespace_name + " yet; spans wait until there is");
    }
  }
  return warnings;
}

std::vector<std::string> ExportReviewer::others_beside(const kube::ObjectKey& key) const {
  const auto exports = directory_.exports();
  for (const auto* other : exports_in(key.namespace_name, *exports)) {
    if (other->first == key) continue;
    return {"with " + other->first.name +
            " there are several exports in this namespace: pods must name "
            "the one they mean in dualtrace.dev/inject"};
  }
  return {};
}

AdmissionAnswer ExportReviewer::review(const AdmissionRequest& request) const {
  AdmissionAnswer answer;
  const bool is_new = request.operation == "CREATE";
  if ((!is_new && request.operation != "UPDATE") || is_going(request.object)) return answer;
  ExportOrFaults parsed = parse_export(request.object);
  answer.warnings = told(parsed.faults);
  if (!parsed.value) return answer;
  // The object that is created has no namespace of its own where the request's path has it.
  parsed.value->key = request.key;
  if (questions_.plan_faults) answer.warnings = told(questions_.plan_faults(*parsed.value));
  append(answer.warnings, missing_secrets(*parsed.value));
  if (is_new && !request.key.name.empty()) append(answer.warnings, others_beside(request.key));
  return answer;
}

}  // namespace dualtrace::ctl
