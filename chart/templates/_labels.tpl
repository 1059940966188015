{{/* Labels of the seed on every object. Takes {application, component?}. */}}
{{- define "fairlead.labels" -}}
{{ include "fairlead.selector" . }}
app.kubernetes.io/name: {{ .application.name | quote }}
app.kubernetes.io/instance: {{ printf "%s-%s" .application.environment .application.name | quote }}
app.kubernetes.io/managed-by: Helm
{{- range $key, $value := (.component | default dict).labels }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* What the pods of a component are found by; the seed's for what belongs to no component. Takes {application, component?}. */}}
{{- define "fairlead.selector" -}}
{{- if .component -}}
{{- $lines := list -}}
{{- range $key, $value := .component.selector -}}
{{- $lines = append $lines (printf "%s: %q" $key $value) -}}
{{- end -}}
{{- join "\n" $lines -}}
{{- else -}}
app: {{ .application.name | quote }}
environment: {{ .application.environment | quote }}
{{- end -}}
{{- end -}}

{{/* Name, namespace and labels of a namespaced object. Takes {application, component?, name, namespace?}. */}}
{{- define "fairlead.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .namespace | default (.component | default .application).namespace | quote }}
labels:
  {{- include "fairlead.labels" . | nindent 2 }}
{{- end -}}

{{/*
Makes an object one that Helm applies before a pre-deploy Job, which refers to it; nothing for other components.
Takes {before}: whether it is.
*/}}
{{- define "fairlead.hookBefore" -}}
{{- if .before }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: "-10"
  helm.sh/hook-delete-policy: before-hook-creation
{{- end }}
{{- end -}}
