{{/* The lowest layer of a single application, for ever those of jterrazz.com/v1. Gives YAML. */}}
{{- define "fairlead.defaults" -}}
port: 3000
replicas: 1
runAsRoot: false
resources:
  cpu: 100m
  memory: 256Mi
health:
  path: /health
  liveness: true
  periodSeconds: 10
  timeoutSeconds: 5
build:
  context: .
  file: Dockerfile
{{- end -}}
