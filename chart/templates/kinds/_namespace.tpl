{{/* Namespace with its Pod Security level, only where `cluster.namespaces.render` asks for it. Takes the resolved application. */}}
{{- define "fairlead.kinds.namespace" -}}
{{- if (.cluster.namespaces | default dict).render }}
---
apiVersion: v1
kind: Namespace
metadata:
  name: {{ .namespace | quote }}
  annotations:
    helm.sh/resource-policy: keep
  labels:
    {{- include "fairlead.labels" . | nindent 4 }}
    pod-security.kubernetes.io/enforce: {{ .podSecurity }}
{{- end }}
{{- end -}}
