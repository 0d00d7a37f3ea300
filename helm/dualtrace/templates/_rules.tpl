{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{/* What the operator may do with exports and their children: in a ClusterRole, or in a Role in each of
watchNamespaces. It does not include Secrets. */}}
{{- define "dualtrace.rules" -}}
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports]
  verbs: [list, watch]
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports/status]
  verbs: [patch]
# Children set blockOwnerDeletion. If OwnerReferencesPermissionEnforcement is enabled (OpenShift),
# that requires permission to update the owner's finalizers.
- apiGroups: [dualtrace.dev]
  resources: [dualtraceexports/finalizers]
  verbs: [update]
# Children: get, to check that the name is free before creating one; create and patch, for
# server-side apply; delete, for children that are no longer planned.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [daemonsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
# To see where agents run; with the webhook, also to find pods that request an export but were not
# injected.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# To check whether another operator that owns an export is still running.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get]
{{- end }}

{{/* (list $ KIND NAME NAMESPACE) → the binding of that Role or ClusterRole. For a ClusterRole, NAMESPACE is empty. */}}
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

{{/* (list $ KIND NAME NAMESPACE) → a Role or ClusterRole up to, and without, its rules. */}}
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
