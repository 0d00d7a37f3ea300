{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{/* Translates the globs in permissions to regular expressions for CEL. They match the same names as
operator/api/glob.cc, which a test checks. */}}

{{/* (list PATTERNS SEPARATOR) → the anchored regular expression. An empty SEPARATOR means that there is none. */}}
{{- define "dualtrace.globs" -}}
{{- $inner := ".*" }}
{{- with index . 1 }}{{ $inner = printf "[^%s]*" . }}{{ end }}
{{- $parts := list }}
{{- range index . 0 }}
{{- $parts = append $parts (. | replace "." "[.]" | replace "**" "@" | replace "*" $inner | replace "@" ".*") }}
{{- end }}
{{- if $parts }}^({{ join "|" $parts }})${{ else }}^[^\s\S]{{ end }}
{{- end }}

{{/* The same names as kNamesNeverSent in operator/api/permissions.cc. */}}
{{- define "dualtrace.neverSent" -}}
{{- include "dualtrace.globs" (list (list "*/.dockerconfigjson" "*/.dockercfg" "*/tls.key" "*/ca.key" "*/ssh-privatekey" "bootstrap-token-*/*" "sh.helm.release.v1.*/*") "/") }}
{{- end }}

{{/* An image, or a pattern for images, without tag and digest → registry/repository, as in
operator/api/image_name.cc. */}}
{{- define "dualtrace.repository" -}}
{{- $name := . }}
{{- $first := first (splitList "/" $name) }}
{{- $registry := "docker.io" }}
{{- if and (contains "/" $name) (or (regexMatch "[.:A-Z]" $first) (eq $first "localhost")) }}
{{- $registry = lower $first }}
{{- $name = trimPrefix (printf "%s/" $first) $name }}
{{- end }}
{{- if eq $registry "index.docker.io" }}{{ $registry = "docker.io" }}{{ end }}
{{- if and (eq $registry "docker.io") (not (contains "/" $name)) (ne $name "**") }}{{ $name = printf "library/%s" $name }}{{ end }}
{{- printf "%s/%s" $registry $name }}
{{- end }}

{{/* (list $ EXPORT) → the fields of the export that request more than the values permit, or "". It checks only what
was unrestricted before permissions were introduced. */}}
{{- define "dualtrace.asksForMore" -}}
{{- $permissions := (index . 0).Values.permissions | default dict }}
{{- $spec := (index . 1).spec | default dict }}
{{- $agent := $spec.agent | default dict }}
{{- $images := $permissions.images | default list }}
{{- $classes := $permissions.priorityClassNames | default list }}
{{- $own := include "dualtrace.repository" (include "dualtrace.imageRepository" (list (index . 0) (index . 0).Values.agent.image)) }}
{{- $fields := list }}
{{- with $agent.image }}
{{- $name := regexReplaceAll ":[^:/]*$" (first (splitList "@" .)) "" }}
{{- $patterns := list $own }}
{{- range $images }}{{ $patterns = append $patterns (include "dualtrace.repository" .) }}{{ end }}
{{- if not (or (has "*" $images) (regexMatch (include "dualtrace.globs" (list $patterns "/")) (include "dualtrace.repository" $name))) }}
{{- $fields = append $fields "spec.agent.image" }}
{{- end }}
{{- end }}
{{- with $agent.priorityClassName }}
{{- if not (or (has "*" $classes) (regexMatch (include "dualtrace.globs" (list $classes "")) .)) }}
{{- $fields = append $fields "spec.agent.priorityClassName" }}
{{- end }}
{{- end }}
{{- $most := include "dualtrace.bytes" ($permissions.maxBacklog | default "64Gi") | float64 }}
{{- if gt (include "dualtrace.bytes" (($spec.delivery | default dict).maxBacklog | default "4Gi") | float64) $most }}
{{- $fields = append $fields "spec.delivery.maxBacklog" }}
{{- end }}
{{- join ", " $fields }}
{{- end }}

{{/* A Kubernetes quantity → bytes. */}}
{{- define "dualtrace.bytes" -}}
{{- $unit := regexReplaceAll "^[0-9.]*" . "" }}
{{- $factors := dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 }}
{{- printf "%.0f" (mulf (trimSuffix $unit . | float64) (get $factors $unit | default 1 | float64)) }}
{{- end }}
