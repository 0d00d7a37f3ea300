{{/* "dualtrace-operator", not the chart's name: the agents have a name, too. */}}
{{- define "dualtrace.name" -}}
{{- .Values.nameOverride | default "dualtrace-operator" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of every object. Room is left for the longest ending, "-certificate". */}}
{{- define "dualtrace.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains "dualtrace" .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-dualtrace" (.Release.Name | trunc 40 | trimSuffix "-") }}
{{- end }}
{{- end }}

{{/* What never changes: a Deployment's selector cannot. */}}
{{- define "dualtrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dualtrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of every object; what we need is not overridden by commonLabels. */}}
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

{{/* (list $ INDENT OWN) → the annotations of an object: its own, and commonAnnotations; nothing where there are none. */}}
{{- define "dualtrace.annotations" -}}
{{- $ := index . 0 -}}
{{- $indent := int (index . 1) -}}
{{- with merge (dict) (index . 2 | default dict) ($.Values.commonAnnotations | default dict) -}}
{{- printf "annotations:\n%s" (toYaml . | indent 2) | nindent $indent }}
{{- end }}
{{- end }}

{{/* (list $ IMAGE) → repository. global.imageRegistry takes the place of the registry in it, which is what stands
before its first slash and looks like a host. */}}
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

{{/* What exports do not say of their agents. An operator on its node's network comes from the node's address, which
no rule for pods lets in. */}}
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
{{- fail (printf "sharedNamespaces: %s is none of watchNamespaces, so that its exports are not known" $shared) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dualtrace.subjects" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "dualtrace.serviceAccountName" . }}
    namespace: {{ .Release.Namespace }}
{{- end }}

{{/* WEIGHT → annotations of what `helm test` makes and, where it succeeds, takes away. */}}
{{- define "dualtrace.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
