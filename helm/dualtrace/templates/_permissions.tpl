{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{/* Options for the values that differ from the operator's defaults, which are also the chart's. With
`helm upgrade --reuse-values`, values that are new in this version are missing. */}}
{{- define "dualtrace.permissionArguments" -}}
{{- $permissions := .Values.permissions | default dict }}
{{- $options := dict "images" "images" "priorityClassNames" "priority-classes" "tolerations" "tolerations" "hosts" "hosts" "secretKeys" "secret-keys" "env" "env" }}
{{- $defaults := dict "images" list "priorityClassNames" list "tolerations" (list "*") "hosts" (list "*") "secretKeys" (list "*") "env" list }}
{{- $arguments := list }}
{{- if eq (toString (get $permissions "hostPath")) "false" }}
{{- $arguments = append $arguments "--permit-host-path=false" }}
{{- end }}
{{- if eq (toString (get $permissions "seLinuxOptions")) "true" }}
{{- $arguments = append $arguments "--permit-se-linux-options" }}
{{- end }}
{{- with get $permissions "maxBacklog" }}
{{- if ne . "64Gi" }}{{ $arguments = append $arguments (printf "--permit-max-backlog=%s" .) }}{{ end }}
{{- end }}
{{- range $value, $option := $options }}
{{- $list := get $permissions $value }}
{{- if and (kindIs "slice" $list) (ne (toJson $list) (toJson (get $defaults $value))) }}
{{- $arguments = append $arguments (printf "--permit-%s=%s" $option (join "," $list | default "none")) }}
{{- end }}
{{- end }}
{{- if $arguments }}{{ toYaml $arguments }}{{ end }}
{{- end }}
