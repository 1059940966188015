{{/* Prints all objects of an application, one partial per kind. Takes {application, registry, revision}. */}}
{{- define "fairlead.objects" -}}
{{- $call := . -}}
{{- $application := .application -}}
{{- $whole := dict "application" $application "registry" (.registry | default dict) -}}
{{- include "fairlead.kinds.namespace" $application }}
{{- include "fairlead.kinds.pullSecret" $whole }}
{{- include "fairlead.kinds.infisicalSecret" $application }}
{{- include "fairlead.kinds.config" $application }}
{{- range $component := $application.components }}
{{- $part := dict "application" $application "component" $component "revision" $call.revision }}
{{- include "fairlead.kinds.account" $part }}
{{- include "fairlead.kinds.files" $part }}
{{- include "fairlead.kinds.storage" $part }}
{{- include "fairlead.kinds.claims" $part }}
{{- include "fairlead.kinds.service" $part }}
{{- include "fairlead.kinds.workload" $part }}
{{- include "fairlead.kinds.disruptionBudget" $part }}
{{- include "fairlead.kinds.autoscaler" $part }}
{{- include "fairlead.kinds.serviceMonitor" $part }}
{{- include "fairlead.kinds.networkPolicy" $part }}
{{- end }}
{{- include "fairlead.kinds.routes" $application }}
{{- include "fairlead.kinds.manifests" $application }}
{{- end -}}
