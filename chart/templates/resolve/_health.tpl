{{/*
Gives {health, probes} as JSON: what the actions read of a component's health, and the Kubernetes probes.
A component with a port and nothing said gets TCP readiness. TCP is never liveness: a listening socket says nothing of the
application behind it. Both are left out for `health: null` and where there is nothing to ask.
Takes {scope, at, kind, ports, httpPort, folded}.
*/}}
{{- define "fairlead.health" -}}
{{- $health := .folded.health | default dict -}}
{{- $result := dict -}}
{{- $port := include "fairlead.healthPort" . -}}
{{- $ask := include "fairlead.ask" (dict "health" $health "port" $port "ports" .ports) | fromJson -}}
{{- $delay := $health.initialDelaySeconds | default 0 | int -}}
{{- $within := add 120 $delay -}}
{{- $startup := $health.startup | default dict -}}
{{- if hasKey $startup "within" -}}
  {{- $within = include "fairlead.seconds" (dict "scope" .scope "at" (concat .at (list "health" "startup" "within")) "value" $startup.within) | trim | int -}}
{{- end -}}
{{- $facts := dict -}}
{{- if and $ask (not (has .kind (list "Job" "CronJob"))) -}}
  {{- $_ := set $facts "startup" (dict "within" $within) -}}
  {{- $_ := merge $facts (pick $health "path") -}}
  {{- $_ := set $ask "timeoutSeconds" ($health.timeoutSeconds | default 5 | int) -}}
  {{- $readiness := merge (dict "periodSeconds" 5 "failureThreshold" 3) $ask -}}
  {{- $probes := dict "readinessProbe" $readiness -}}
  {{- if or (not (hasKey $ask "tcpSocket")) $health.tcp (hasKey $startup "within") -}}
    {{- $_ := set $probes "startupProbe" (merge (dict "periodSeconds" 1 "failureThreshold" (max 1 $within)) $ask) -}}
  {{- end -}}
  {{- if and $health.liveness (not (hasKey $ask "tcpSocket")) -}}
    {{- $_ := set $probes "livenessProbe" (merge (dict "initialDelaySeconds" $delay "periodSeconds" ($health.periodSeconds | default 10 | int) "failureThreshold" 3) $ask) -}}
  {{- end -}}
  {{- $_ := set $result "probes" $probes -}}
{{- end -}}
{{- with $health.crashRestarts -}}
  {{- $_ := set $facts "crashRestarts" (int .) -}}
{{- end -}}
{{- with $facts -}}
  {{- $_ := set $result "health" . -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/*
Gives the name of the port to probe: the one that is named, else the HTTP port, else the lowest that speaks TCP. Empty where
there is none or it is not needed. Takes {scope, at, ports, httpPort, folded}.
*/}}
{{- define "fairlead.healthPort" -}}
{{- $call := . -}}
{{- $health := .folded.health | default dict -}}
{{- $asked := include "fairlead.text" ($health.port | default "") -}}
{{- $found := "" -}}
{{- $lowest := 65536 -}}
{{- range .ports -}}
  {{- if $asked -}}
    {{- if or (eq .name $asked) (eq (printf "%v" .port) $asked) -}}
      {{- $found = .name -}}
    {{- end -}}
  {{- else if and (eq .protocol "TCP") (lt (int .port) $lowest) -}}
    {{- $found = .name -}}
    {{- $lowest = int .port -}}
  {{- end -}}
{{- end -}}
{{- if and .httpPort (not $asked) -}}
  {{- $found = .httpPort -}}
{{- end -}}
{{- $names := list -}}
{{- range .ports -}}
  {{- $names = append $names .name -}}
{{- end -}}
{{- if and $asked (not $found) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_HEALTH_PORT" "at" (concat .at (list "health" "port")) "message" (printf "the component has no port %s; ports: %s" $asked (join ", " $names | default "none"))) -}}
{{- else if and $health.path (not $asked) (not .httpPort) (or .ports (not .scope.single)) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_HEALTH_PORT" "at" (append .at "health") "message" (printf "health needs to know which port speaks HTTP: name one http, or set health.port; ports: %s" (join ", " $names | default "none"))) -}}
{{- else if and $health.path (not $asked) -}}
  {{- $found = .httpPort -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* Gives what a probe does as JSON, or {} for no probe. Takes {health, port, ports}. */}}
{{- define "fairlead.ask" -}}
{{- $ask := dict -}}
{{- $health := .health -}}
{{- if $health -}}
  {{- if $health.exec -}}
    {{- $ask = dict "exec" (dict "command" $health.exec) -}}
  {{- else if and .port $health.path -}}
    {{- $ask = dict "httpGet" (dict "path" $health.path "port" .port) -}}
  {{- else if and .port $health.grpc -}}
    {{- range .ports -}}
      {{- if eq .name $.port -}}
        {{- $ask = dict "grpc" (dict "port" .port) -}}
      {{- end -}}
    {{- end -}}
  {{- else if .port -}}
    {{- $ask = dict "tcpSocket" (dict "port" .port) -}}
  {{- end -}}
{{- end -}}
{{- toJson $ask -}}
{{- end -}}
