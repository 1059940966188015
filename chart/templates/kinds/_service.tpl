{{/* Takes {application, component}. */}}
{{- define "fairlead.kinds.service" -}}
{{- with .component.port }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "fairlead.metadata" (dict "application" $.application "name" $.component.name) | nindent 2 }}
spec:
  selector:
    {{- include "fairlead.selector" $.application | nindent 4 }}
  ports:
    - name: http
      port: 80
      targetPort: {{ . }}
{{- end }}
{{- end -}}
