{{/*
Gives a route without a host that of the cluster's convention for the environment, where there is one. Takes {scope, entry};
changes `entry`.
*/}}
{{- define "fairlead.conventionalHost" -}}
{{- $hosts := .scope.cluster.ingress.hosts | default dict -}}
{{- $key := include "fairlead.keyFor" (dict "map" $hosts "name" .scope.environment) -}}
{{- if and $key (not .entry.host) -}}
  {{- $_ := set .entry "host" (get $hosts $key | replace "{name}" .scope.name | replace "{environment}" .scope.environment) -}}
{{- end -}}
{{- end -}}
