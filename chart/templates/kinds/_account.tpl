{{/* The account that a component's pods run as, and what it may do, in its namespace and in the cluster. Takes {application, component}. */}}
{{- define "fairlead.kinds.account" -}}
{{- $component := .component }}
{{- $account := $component.serviceAccount | default dict }}
{{- $hook := dict "before" (eq ($component.when | default "") "pre-deploy") }}
{{- if $account.create }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $account.name) .) | nindent 2 }}
  {{- if $hook.before }}
  {{- with include "fairlead.hookBefore" $hook }}{{ . | trim | nindent 2 }}{{ end }}
  {{- else if $account.annotations }}
  annotations:
  {{- end }}
  {{- with $account.annotations }}
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- range $kind, $rules := dict "Role" "rules" "ClusterRole" "clusterRules" }}
{{- with get ($component.rbac | default dict) $rules }}
{{- $metadata := merge (dict "name" $component.name) $ }}
{{- if eq $kind "ClusterRole" }}
{{- $metadata = dict "application" $.application "component" $component "name" (printf "%s-%s" $component.namespace $component.name) }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  {{- include (ternary "fairlead.metadata" "fairlead.clusterMetadata" (eq $kind "Role")) $metadata | nindent 2 }}
  {{- with include "fairlead.hookBefore" $hook }}{{ . | trim | nindent 2 }}{{ end }}
rules:
  {{- toYaml . | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  {{- include (ternary "fairlead.metadata" "fairlead.clusterMetadata" (eq $kind "Role")) $metadata | nindent 2 }}
  {{- with include "fairlead.hookBefore" $hook }}{{ . | trim | nindent 2 }}{{ end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $metadata.name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $account.name | quote }}
    namespace: {{ $component.namespace | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Name and labels of an object that belongs to no namespace. Takes {application, component, name}. */}}
{{- define "fairlead.clusterMetadata" -}}
name: {{ .name | quote }}
labels:
  {{- include "fairlead.labels" . | nindent 2 }}
{{- end -}}
