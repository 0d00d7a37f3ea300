{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{/* "dualtrace-operator" rather than the chart's name, to distinguish the operator from the agents. */}}
{{- define "dualtrace.name" -}}
{{- .Values.nameOverride | default "dualtrace-operator" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The base name of every object. It leaves room for the longest suffix, "-certificate". */}}
{{- define "dualtrace.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains "dualtrace" .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-dualtrace" (.Release.Name | trunc 40 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* These never change, because a Deployment's selector is immutable. */}}
{{- define "dualtrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dualtrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The labels of every object. commonLabels cannot override the ones that the chart needs. */}}
{{- define "dualtrace.labels" -}}
{{- $own := include "dualtrace.selectorLabels" . | fromYaml }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") }}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service }}
{{- merge $own .Values.commonLabels | toYaml }}
{{- end }}

{{- define "dualtrace.podLabels" -}}
{{- merge (include "dualtrace.selectorLabels" . | fromYaml) .Values.podLabels .Values.commonLabels | toYaml }}
{{- end }}

{{/* (list $ INDENT OWN) → the annotations of an object: its own and commonAnnotations, or nothing if both are empty. */}}
{{- define "dualtrace.annotations" -}}
{{- $ := index . 0 -}}
{{- $indent := int (index . 1) -}}
{{- with merge (dict) (index . 2 | default dict) ($.Values.commonAnnotations | default dict) -}}
{{- printf "annotations:\n%s" (toYaml . | indent 2) | nindent $indent }}
{{- end }}
{{- end }}

{{/* (list $ IMAGE) → repository. global.imageRegistry replaces the registry in it: the part before the first slash, if
that part looks like a host. */}}
{{- define "dualtrace.imageRepository" -}}
{{- $ := index . 0 -}}
{{- $repository := (index . 1).repository -}}
{{- with ($.Values.global | default dict).imageRegistry -}}
{{- $parts := splitList "/" $repository -}}
{{- $host := first $parts -}}
{{- if and (gt (len $parts) 1) (or (contains "." $host) (contains ":" $host) (eq $host "localhost")) -}}
{{- $parts = rest $parts -}}
{{- end -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (join "/" $parts) -}}
{{- end -}}
{{- $repository -}}
{{- end }}

{{/* (list $ IMAGE) → repository:tag or repository@digest */}}
{{- define "dualtrace.image" -}}
{{- $ := index . 0 -}}
{{- $image := index . 1 -}}
{{- $repository := include "dualtrace.imageRepository" . -}}
{{- if $image.digest }}
{{- printf "%s@%s" $repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $repository ($image.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* Defaults for the fields of spec.agent that an export does not set. With hostNetwork, the operator's requests come
from the node's address, which no podSelector matches, so the agents' policy must allow its port from anywhere. */}}
{{- define "dualtrace.agentDefaults" -}}
{{- $defaults := deepCopy (.Values.agent.defaults | default dict) -}}
{{- if and .Values.webhook.enabled .Values.webhook.hostNetwork -}}
{{- $policy := $defaults.networkPolicy | default dict -}}
{{- if ne ($policy.mode | default "Managed") "None" -}}
{{- $status := dict "ports" (list (dict "port" 8888 "protocol" "TCP")) -}}
{{- $policy = merge (dict "ingress" (append ($policy.ingress | default list) $status)) $policy -}}
{{- $_ := set $defaults "networkPolicy" $policy -}}
{{- end -}}
{{- end -}}
{{- toJson $defaults -}}
{{- end }}

{{- define "dualtrace.serviceAccountName" -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) }}
{{- fail "serviceAccount.name: is required with serviceAccount.create=false" }}
{{- end }}
{{- .Values.serviceAccount.name | default (include "dualtrace.fullname" .) }}
{{- end }}

{{- define "dualtrace.checkShared" -}}
{{- range $shared := .Values.sharedNamespaces }}
{{- if and $.Values.watchNamespaces (not (has $shared $.Values.watchNamespaces)) }}
{{- fail (printf "sharedNamespaces: %s is not in watchNamespaces, so the operator does not see its exports" $shared) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dualtrace.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "dualtrace.serviceAccountName" . }}
    namespace: {{ .Release.Namespace }}
{{- end }}

{{/* WEIGHT → annotations of the objects that `helm test` creates, and deletes if it succeeds. */}}
{{- define "dualtrace.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
