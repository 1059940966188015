{{/* Labels of the seed on every object. Takes the resolved application. */}}
{{- define "fairlead.labels" -}}
{{ include "fairlead.selector" . }}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/instance: {{ printf "%s-%s" .environment .name | quote }}
app.kubernetes.io/managed-by: Helm
{{- end -}}

{{/* The seed's selector. It can never change: selectors of Deployments are immutable. Takes the resolved application. */}}
{{- define "fairlead.selector" -}}
app: {{ .name | quote }}
environment: {{ .environment | quote }}
{{- end -}}

{{/* Name, namespace and labels of a namespaced object. Takes {application, name}. */}}
{{- define "fairlead.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .application.namespace | quote }}
labels:
  {{- include "fairlead.labels" .application | nindent 2 }}
{{- end -}}
