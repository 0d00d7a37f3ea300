{{- define "dualtrace.webhookArguments" -}}
{{- $name := include "dualtrace.fullname" . -}}
{{- if .Values.webhook.certManager.enabled -}}
- --webhook-certificate-folder=/etc/dualtrace/webhook
{{- else -}}
- --webhook-service={{ .Release.Namespace }}/{{ $name }}-webhook
- --webhook-configuration={{ $name }}
- --webhook-authority-secret={{ $name }}-webhook
{{- end }}
{{- end }}

{{/* The metadata of both configurations. */}}
{{- define "dualtrace.webhookMetadata" -}}
name: {{ include "dualtrace.fullname" . }}
labels:
  {{- include "dualtrace.labels" . | nindent 2 }}
{{- if .Values.webhook.certManager.enabled }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "dualtrace.fullname" . }}-webhook
{{- end }}
{{- end }}

{{/* (list $ PATH) → what calls of that path have in common. No caBundle: the operator, or cert-manager,
writes it, and what is not here is not taken back by the next upgrade. */}}
{{- define "dualtrace.webhookCall" -}}
{{- $ := index . 0 -}}
clientConfig:
  service: {namespace: {{ $.Release.Namespace }}, name: {{ include "dualtrace.fullname" $ }}-webhook, path: {{ index . 1 }}}
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
timeoutSeconds: {{ $.Values.webhook.timeoutSeconds }}
{{- end }}

{{/* Namespaces whose pods are never looked at, and where only some are served, all others. */}}
{{- define "dualtrace.webhookNamespaces" -}}
- {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, kube-node-lease, {{ .Release.Namespace }}]}
{{- with .Values.watchNamespaces }}
- {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- end }}
{{- end }}
