{{/* The Service that spreads requests, and for a StatefulSet the headless one that names its pods. Takes {application, component}. */}}
{{- define "fairlead.kinds.service" -}}
{{- $service := .component.service }}
{{- if and $service .component.ports }}
---
{{ include "fairlead.patched" (dict "text" (include "fairlead.objects.service" .) "patch" (.component.patch | default dict).service) }}
{{- end }}
{{- with $service.headless }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .) $) | nindent 2 }}
spec:
  clusterIP: None
  {{- /* Peers must find each other before they are ready. */}}
  publishNotReadyAddresses: true
  selector:
    {{- include "fairlead.selector" $ | nindent 4 }}
  {{- if $.component.ports }}
  ports:
    {{- include "fairlead.servicePorts" $.component | trim | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The Service that spreads requests. Takes {application, component}. */}}
{{- define "fairlead.objects.service" -}}
{{- $service := .component.service -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $service.name) .) | nindent 2 }}
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $service.type }}
  type: {{ . }}
  {{- end }}
  selector:
    {{- include "fairlead.selector" . | nindent 4 }}
  ports:
    {{- include "fairlead.servicePorts" .component | trim | nindent 4 }}
{{- end -}}

{{/* Takes the component. */}}
{{- define "fairlead.servicePorts" -}}
{{- range .ports }}
- name: {{ .name | quote }}
  port: {{ .service }}
  targetPort: {{ .port }}
  {{- if ne .protocol "TCP" }}
  protocol: {{ .protocol }}
  {{- end }}
{{- end }}
{{- end -}}
