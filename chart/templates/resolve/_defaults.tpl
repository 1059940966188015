{{/*
The lowest layer of a component, for ever those of jterrazz.com/v1. Gives YAML, in the form that "fairlead.normalise"
makes. Takes {kind, single, ports}: port 3000 and /health are for a single application only, and the port where it says none.
*/}}
{{- define "fairlead.defaults" -}}
{{- if and .single (not .ports) }}
ports:
  http: 3000
{{- end }}
{{- if has .kind (list "Deployment" "StatefulSet") }}
replicas:
  count: 1
{{- end }}
runAsRoot: false
resources:
  cpu: 100m
  memory: 256Mi
{{- if not (has .kind (list "Job" "CronJob")) }}
health:
  {{- if .single }}
  path: /health
  {{- end }}
  liveness: true
  periodSeconds: 10
  timeoutSeconds: 5
preStop: 5
pdb:
  maxUnavailable: 1
spread:
  across: hostname
  mode: preferred
{{- else }}
when: on-change
{{- end }}
terminationGracePeriod: 30
build:
  context: .
  file: Dockerfile
{{- end -}}
