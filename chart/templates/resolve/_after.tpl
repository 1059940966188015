{{/*
Checks what components come after, and gives Jobs the containers that wait for it: a Service leads only to pods that are
ready. A component that the environment removed is not waited for. Takes {scope, components}; changes the components.
*/}}
{{- define "fairlead.after" -}}
{{- $scope := .scope -}}
{{- $components := .components -}}
{{- range $key, $component := $components -}}
  {{- $at := ternary (list "after") (list "components" $key "after") $scope.single -}}
  {{- $waits := list -}}
  {{- range $index, $name := $component.after -}}
    {{- $at := append $at $index -}}
    {{- $other := get $components $name | default dict -}}
    {{- $port := include "fairlead.waitPort" $other -}}
    {{- if not (or $other (hasKey $scope.layers $name)) -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_AFTER" "at" $at "message" (printf "there is no component %q; components: %s" $name (keys $components | sortAlpha | join ", "))) -}}
    {{- else if and $other (eq ($component.when | default "") "pre-deploy") -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_AFTER" "at" $at "message" (printf "a Job before the deploy cannot wait for %s, which comes with it" $name)) -}}
    {{- else if and $other $component.job (not $port) -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_AFTER" "at" $at "message" (printf "a Job waits for a port that answers, and %s has none" $name)) -}}
    {{- else if and $other $component.job -}}
      {{- $host := printf "%s.%s.svc" $other.service.name $other.namespace -}}
      {{- $command := list "sh" "-c" `n=0; until nc -z -w 2 "$0" "$1"; do n=$((n+1)); [ "$n" -lt 600 ] || exit 1; sleep 1; done` $host $port -}}
      {{- $image := $scope.cluster.jobs.waitImage -}}
      {{- $waits = append $waits (dict "containerName" (printf "wait-for-%s" $name | trunc 63 | trimSuffix "-") "image" $image "imagePullPolicy" (include "fairlead.pullPolicy" $image) "command" $command "resources" $component.resources "securityContext" $component.securityContext) -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $component "initContainers" (concat $waits $component.initContainers | default list) -}}
{{- end -}}
{{- end -}}

{{/* Gives the port of the Service to wait for, or nothing. Takes the component. */}}
{{- define "fairlead.waitPort" -}}
{{- $found := "" -}}
{{- range .ports -}}
  {{- if and (eq .protocol "TCP") (or (not $found) (eq .name $.httpPort)) -}}
    {{- $found = printf "%v" .service -}}
  {{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/*
Gives the checks that can run, as JSON: one on a component that this environment removed is left out with a notice, one on a
component that nobody declares is an error. Takes {scope, verify, components}.
*/}}
{{- define "fairlead.checks" -}}
{{- $scope := .scope -}}
{{- $components := .components -}}
{{- $checks := dict -}}
{{- range $name, $check := .verify -}}
  {{- $component := $check.component | default "" -}}
  {{- if not (include "fairlead.given" (dict "map" $check "keys" (list "http" "run" "logs")) | fromJsonArray) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VERIFY_EMPTY" "at" (list "verify" $name) "message" "the check looks at nothing; set one of http, run, logs") -}}
  {{- end -}}
  {{- if or (not $component) (hasKey $components $component) -}}
    {{- include "fairlead.expect" (dict "scope" $scope "at" (list "verify" $name "expect") "expect" ($check.expect | default dict)) -}}
    {{- $_ := set $checks $name $check -}}
  {{- else if hasKey $scope.layers $component -}}
    {{- include "fairlead.notice" (dict "scope" $scope "path" (printf "spec.verify.%s" $name) "message" (printf "skipped, since this environment has no %s" $component)) -}}
  {{- else -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_VERIFY_NO_COMPONENT" "at" (list "verify" $name "component") "message" (printf "there is no component %q; components: %s" $component (keys $components | sortAlpha | join ", "))) -}}
  {{- end -}}
{{- end -}}
{{- toJson $checks -}}
{{- end -}}

{{/*
Puts in place of `config: set/key` the text that it stands for, and of `secret: set/key` the Secret that holds it, {name, key}.
Takes {scope, at, expect}; changes `expect`.
*/}}
{{- define "fairlead.expect" -}}
{{- $call := . -}}
{{- range $type := list "config" "secret" -}}
  {{- with get $call.expect $type -}}
    {{- $sets := get $call.scope (ternary "secrets" "config" (eq $type "secret")) -}}
    {{- $name := splitList "/" . | first -}}
    {{- $key := trimPrefix (printf "%s/" $name) . -}}
    {{- $set := get $sets $name | default dict -}}
    {{- if and (eq $type "config") (hasKey ($set.data | default dict) $key) -}}
      {{- $_ := set $call.expect "text" (get $set.data $key) -}}
      {{- $_ := unset $call.expect "config" -}}
    {{- else if and $set (eq $type "secret") -}}
      {{- $_ := set $set.keys $key $key -}}
      {{- if $set.optionalKeys -}}
        {{- $_ := set $set "optionalKeys" (without $set.optionalKeys $key) -}}
      {{- end -}}
      {{- $_ := set $call.expect "secret" (dict "name" $set.secretName "key" $key) -}}
    {{- else -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_REFERENCE_UNKNOWN" "at" (append $call.at $type) "message" (printf "spec declares no %q; sets: %s" . (keys $sets | sortAlpha | join ", " | default "none"))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
Gives {metrics?} as JSON, {path, port, name}: where to read a component's metrics. Takes {scope, at, ports, httpPort, folded}.
*/}}
{{- define "fairlead.metrics" -}}
{{- $result := dict -}}
{{- if hasKey .folded "metrics" -}}
  {{- $asked := .folded.metrics.port | default (ternary "metrics" $.httpPort (has "metrics" (keys ($.folded.ports | default dict)))) -}}
  {{- $names := list -}}
  {{- range $.ports -}}
    {{- $names = append $names .name -}}
    {{- if eq .name $asked -}}
      {{- $_ := set $result "metrics" (dict "path" ($.folded.metrics.path | default "/metrics") "port" .port "name" .name) -}}
    {{- end -}}
  {{- end -}}
  {{- if not $result -}}
    {{- $what := ternary (printf "the component has no port %q to read metrics from" $asked) "metrics need to know their port: set metrics.port" (ne $asked "") -}}
    {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_METRICS_PORT" "at" (concat $.at (list "metrics" "port")) "message" (printf "%s; ports: %s" $what (join ", " $names | default "none"))) -}}
  {{- end -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
