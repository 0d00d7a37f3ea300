{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "dualtrace.webhookArguments" -}}
{{- $name := include "dualtrace.fullname" . -}}
{{- if .Values.webhook.certManager.enabled -}}
- --webhook-certificate-folder=/etc/dualtrace/webhook
{{- else -}}
- --webhook-service={{ .Release.Namespace }}/{{ $name }}-webhook
- --webhook-configuration={{ $name }}
- --webhook-authority-secret={{ $name }}-webhook
{{- end }}
{{- if ne (int (.Values.webhook.port | default 9443)) 9443 }}
- --webhook-listen=[::]:{{ .Values.webhook.port }}
{{- end }}
{{- end }}

{{/* The metadata of both webhook configurations. */}}
{{- define "dualtrace.webhookMetadata" -}}
name: {{ include "dualtrace.fullname" . }}
labels:
  {{- include "dualtrace.labels" . | nindent 2 }}
{{- $own := dict }}
{{- if .Values.webhook.certManager.enabled }}
{{- $from := printf "%s/%s-webhook" .Release.Namespace (include "dualtrace.fullname" .) }}
{{- $own = dict "cert-manager.io/inject-ca-from" $from }}
{{- end }}
{{- include "dualtrace.annotations" (list $ 0 (merge $own (.Values.webhook.annotations | default dict))) }}
{{- end }}

{{/* (list $ PATH) → the fields that webhooks with that path share. It leaves out caBundle, which the operator or
cert-manager writes: an upgrade does not revert a field that the chart does not set. */}}
{{- define "dualtrace.webhookCall" -}}
{{- $ := index . 0 -}}
clientConfig:
  service: {namespace: {{ $.Release.Namespace }}, name: {{ include "dualtrace.fullname" $ }}-webhook, path: {{ index . 1 }}}
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
timeoutSeconds: {{ $.Values.webhook.timeoutSeconds }}
{{- end }}

{{/* (list $ OWN) → the namespaceSelector of a webhook: its own expressions (YAML), and those of
webhook.namespaceSelector. The last two are those that the AKS admissions enforcer adds to every webhook that lacks
them. It would then own the field, and the next server-side apply of the chart would fail with a conflict. On other
clusters they have no effect. */}}
{{- define "dualtrace.namespaceSelector" -}}
{{- $ := index . 0 -}}
{{- $more := $.Values.webhook.namespaceSelector | default dict -}}
namespaceSelector:
  {{- with $more.matchLabels }}
  matchLabels:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  matchExpressions:
    {{- with index . 1 | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $more.matchExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    - {key: control-plane, operator: NotIn, values: ["true"]}
    - {key: kubernetes.azure.com/managedby, operator: NotIn, values: [aks]}
{{- end }}

{{- define "dualtrace.objectSelector" -}}
{{- with .Values.webhook.objectSelector }}
objectSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Excludes the namespaces whose pods the webhook never sees: some fixed ones and, with watchNamespaces, all others. */}}
{{- define "dualtrace.webhookNamespaces" -}}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, kube-node-lease, {{ .Release.Namespace }}]}
{{ include "dualtrace.servedNamespaces" . }}
{{- end }}

{{/* Of these namespaces, those that request an export for all their pods. */}}
{{- define "dualtrace.askingNamespaces" -}}
{{ include "dualtrace.webhookNamespaces" . | trim }}
- {key: dualtrace.dev/inject, operator: Exists}
- {key: dualtrace.dev/inject, operator: NotIn, values: ["false"]}
{{- end }}

{{- define "dualtrace.servedNamespaces" -}}
{{- with .Values.watchNamespaces }}
- {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- end }}
