{{/* What the operator does with exports and their children: in a ClusterRole, or in a Role of each of
watchNamespaces. No Secrets. */}}
{{- define "dualtrace.rules" -}}
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports]
  verbs: [list, watch]
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports/status]
  verbs: [patch]
# Children block the deletion of their export; where OwnerReferencesPermissionEnforcement is on
# (OpenShift), only who may update its finalizers may say so.
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports/finalizers]
  verbs: [update]
# Children: before one is made, whether somebody else has that name (get); server-side apply creates
# and patches; what is not planned any more is deleted.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [daemonsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
# Where the agents are; with a webhook, also who asks for an export and was missed.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# Whether another operator, which has an export, still runs.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get]
{{- end }}

{{/* (list $ KIND NAME NAMESPACE) → the binding of that Role or ClusterRole; a ClusterRole's has no namespace. */}}
{{- define "dualtrace.binding" -}}
{{- $ := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ index . 1 }}Binding
metadata:
  name: {{ index . 2 }}
  {{- with index . 3 }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "dualtrace.labels" $ | nindent 4 }}
  {{- include "dualtrace.annotations" (list $ 2 (dict)) }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ index . 1 }}, name: {{ index . 2 }}}
{{ include "dualtrace.subjects" $ }}
{{- end }}

{{/* (list $ KIND NAME NAMESPACE) → the head of a Role or ClusterRole, up to its rules. */}}
{{- define "dualtrace.role" -}}
{{- $ := index . 0 -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ index . 1 }}
metadata:
  name: {{ index . 2 }}
  {{- with index . 3 }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "dualtrace.labels" $ | nindent 4 }}
  {{- include "dualtrace.annotations" (list $ 2 (dict)) }}
rules:
{{- end }}
