{{/* Namespaces with their Pod Security level, only where `cluster.namespaces.render` asks for them. Takes the resolved application. */}}
{{- define "fairlead.kinds.namespace" -}}
{{- if (.cluster.namespaces | default dict).render }}
{{- range $name, $namespace := .namespaces }}
---
apiVersion: v1
kind: Namespace
metadata:
  name: {{ $name | quote }}
  annotations:
    helm.sh/resource-policy: keep
  labels:
    {{- include "fairlead.labels" (dict "application" $) | nindent 4 }}
    pod-security.kubernetes.io/enforce: {{ $namespace.podSecurity }}
{{- end }}
{{- end }}
{{- end -}}
