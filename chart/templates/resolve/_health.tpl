{{/*
Gives {health, probes} as JSON: what the actions read of a component's health, and the Kubernetes probes.
A component with a port and nothing said gets TCP readiness. TCP is never liveness: a listening socket says nothing of the
application behind it. Both are left out for `health: null` and where there is nothing to ask.
Takes {scope, at, kind, ports, httpPort, folded}.
*/}}
{{- define "fairlead.health" -}}
{{- $call := . -}}
{{- $health := .folded.health | default dict -}}
{{- $result := dict -}}
{{- $facts := dict -}}
{{- if and $health (not (has .kind (list "Job" "CronJob"))) -}}
  {{- $probes := dict -}}
  {{- range $name := list "startup" "readiness" "liveness" -}}
    {{- with include "fairlead.probe" (dict "call" $call "name" $name) -}}
      {{- $_ := set $probes (printf "%sProbe" $name) (fromJson .) -}}
    {{- end -}}
  {{- end -}}
  {{- with $probes -}}
    {{- $_ := set $result "probes" . -}}
    {{- $startup := dict "within" (include "fairlead.startBudget" (dict "call" $call "probe" .startupProbe) | int) -}}
    {{- if and $health.startup .startupProbe -}}
      {{- $_ := set $startup "stated" true -}}
    {{- end -}}
    {{- $_ := set $facts "startup" $startup -}}
    {{- $_ := merge $facts (pick $health "path") -}}
  {{- end -}}
{{- end -}}
{{- with $health.crashRestarts -}}
  {{- $_ := merge (set $facts "crashRestarts" (int .)) (dict "startup" (dict "within" (include "fairlead.startBudget" (dict "call" $call) | int))) -}}
{{- end -}}
{{- with $facts -}}
  {{- $_ := set $result "health" . -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/*
Gives one probe as JSON, or nothing where there is none. Takes {call, name}: startup, readiness or liveness. What `health`
says holds for all three; a map under the probe's name is its own.
*/}}
{{- define "fairlead.probe" -}}
{{- $call := .call -}}
{{- $health := $call.folded.health -}}
{{- $written := get $health .name -}}
{{- $own := ternary $written dict (kindIs "map" $written) -}}
{{- $off := and (hasKey $health .name) (not $written) (not (kindIs "map" $written)) -}}
{{- $off = or $off (and (eq .name "liveness") (not (hasKey $health .name))) -}}
{{- if not $off -}}
  {{- $at := concat $call.at (list "health" .name) -}}
  {{- $ask := include "fairlead.ask" (dict "call" $call "own" $own "at" $at) | fromJson -}}
  {{- $listens := hasKey $ask "tcpSocket" -}}
  {{- if and $listens (eq .name "liveness") -}}
    {{- if $own -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_HEALTH_TCP" "at" $at "message" "a listening port says nothing of the application behind it; ask by path, exec or grpc, or set liveness: false") -}}
    {{- end -}}
  {{- else if and $listens (eq .name "startup") (not (or $own $health.tcp)) -}}
  {{- else if $ask -}}
    {{- include "fairlead.timed" (dict "call" $call "name" .name "own" $own "at" $at "ask" $ask) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
Gives a probe with its times as JSON. A time of the language and the raw field of Kubernetes say the same thing; `within` is a
budget that failures must fit in. Takes {call, name, own, at, ask}.
*/}}
{{- define "fairlead.timed" -}}
{{- $call := .call -}}
{{- $own := .own -}}
{{- $health := $call.folded.health -}}
{{- $delay := $health.initialDelaySeconds | default 0 | int -}}
{{- $usual := get (dict
  "startup" (dict "period" 1 "within" (add 120 $delay))
  "readiness" (dict "period" 5 "failures" 3)
  "liveness" (dict "period" ($health.periodSeconds | default 10 | int) "failures" 3 "delay" $delay)
) .name -}}
{{- $seconds := dict "period" $usual.period "timeout" ($health.timeoutSeconds | default 5) "within" ($usual.within | default 0) -}}
{{- range $word := list "period" "timeout" "within" -}}
  {{- $raw := printf "%sSeconds" $word -}}
  {{- if hasKey $own $word -}}
    {{- $_ := set $seconds $word (include "fairlead.seconds" (dict "scope" $call.scope "at" (append $.at $word) "value" (get $own $word)) | trim) -}}
  {{- else if hasKey $own $raw -}}
    {{- $_ := set $seconds $word (get $own $raw) -}}
  {{- end -}}
{{- end -}}
{{- $period := max 1 (int $seconds.period) -}}
{{- $within := int $seconds.within -}}
{{- $failures := $own.failureThreshold | default $own.failures -}}
{{- if not $failures -}}
  {{- $failures = ternary (div (add $within (sub $period 1)) $period) ($usual.failures | default 1) (gt $within 0) -}}
{{- end -}}
{{- $probe := dict "periodSeconds" $period "timeoutSeconds" (max 1 (int $seconds.timeout)) "failureThreshold" (max 1 (int $failures)) -}}
{{- if hasKey $usual "delay" -}}
  {{- $_ := set $probe "initialDelaySeconds" $usual.delay -}}
{{- end -}}
{{- range $field := list "initialDelaySeconds" "successThreshold" "terminationGracePeriodSeconds" -}}
  {{- if hasKey $own $field -}}
    {{- $_ := set $probe $field (int (get $own $field)) -}}
  {{- end -}}
{{- end -}}
{{- merge $probe .ask | toJson -}}
{{- end -}}

{{/* Gives the seconds that a start may take: those of the startup probe, or without one the usual time. Takes {call, probe}. */}}
{{- define "fairlead.startBudget" -}}
{{- $delay := .call.folded.health.initialDelaySeconds | default 0 | int -}}
{{- if .probe -}}
  {{- add (mul (int .probe.periodSeconds) (int .probe.failureThreshold)) (.probe.initialDelaySeconds | default 0 | int) -}}
{{- else -}}
  {{- add 120 $delay -}}
{{- end -}}
{{- end -}}

{{/* Gives what a probe does as JSON, or {} for no probe: by its own form, else by that of `health`. Takes {call, own, at}. */}}
{{- define "fairlead.ask" -}}
{{- $call := .call -}}
{{- $health := $call.folded.health -}}
{{- $from := ternary .own $health (gt (len (pick .own "path" "exec" "tcp" "grpc")) 0) -}}
{{- $at := ternary .at (initial .at) (hasKey .own "port") -}}
{{- $ask := dict -}}
{{- if $from.exec -}}
  {{- include "fairlead.noticeUnexpanded" (dict "scope" $call.scope "at" (append (ternary .at (initial .at) (hasKey .own "exec")) "exec") "command" $from.exec) -}}
  {{- $ask = dict "exec" (dict "command" $from.exec) -}}
{{- else -}}
  {{- $port := include "fairlead.healthPort" (dict "call" $call "asked" (.own.port | default $health.port | default "") "path" $from.path "at" $at) -}}
  {{- if and $port $from.path -}}
    {{- $ask = dict "httpGet" (merge (dict "path" $from.path "port" $port) (pick .own "scheme" "httpHeaders") (pick $health "scheme" "httpHeaders")) -}}
  {{- else if and $port $from.grpc -}}
    {{- range $call.ports -}}
      {{- if eq .name $port -}}
        {{- $ask = dict "grpc" (merge (dict "port" .port) (ternary (dict "service" $from.grpc) dict (kindIs "string" $from.grpc))) -}}
      {{- end -}}
    {{- end -}}
  {{- else if $port -}}
    {{- $ask = dict "tcpSocket" (dict "port" $port) -}}
  {{- end -}}
{{- end -}}
{{- toJson $ask -}}
{{- end -}}

{{/* Kubernetes expands $(NAME) in command and args only, not in a probe. A shell means something else by it. Takes {scope, at, command}. */}}
{{- define "fairlead.noticeUnexpanded" -}}
{{- if and (not (regexMatch "(^|/)(ba|da|a)?sh$" (first .command))) (regexMatch `\$\([A-Za-z_][A-Za-z0-9_]*\)` (join " " .command)) -}}
  {{- $path := include "fairlead.place" (dict "scope" .scope "at" .at) -}}
  {{- include "fairlead.notice" (dict "scope" .scope "path" $path "message" "Kubernetes does not put a variable in place of $(NAME) in a probe; let a shell do it: [sh, -c, …$NAME…]") -}}
{{- end -}}
{{- end -}}

{{/*
Gives the name of the port to probe: the one that is asked for, else the HTTP port, else the lowest that speaks TCP. Empty where
there is none. Takes {call, asked, path, at}: `path` is set where HTTP is spoken, `at` is where the port is said.
*/}}
{{- define "fairlead.healthPort" -}}
{{- $call := .call -}}
{{- $asked := include "fairlead.text" .asked -}}
{{- $found := "" -}}
{{- $lowest := 65536 -}}
{{- $names := list -}}
{{- range $call.ports -}}
  {{- $names = append $names .name -}}
  {{- if $asked -}}
    {{- if or (eq .name $asked) (eq (printf "%v" .port) $asked) -}}
      {{- $found = .name -}}
    {{- end -}}
  {{- else if and (eq .protocol "TCP") (lt (int .port) $lowest) -}}
    {{- $found = .name -}}
    {{- $lowest = int .port -}}
  {{- end -}}
{{- end -}}
{{- if and $call.httpPort (not $asked) -}}
  {{- $found = $call.httpPort -}}
{{- end -}}
{{- $ports := join ", " $names | default "none" -}}
{{- if and $asked (not $found) -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_HEALTH_PORT" "at" (append .at "port") "message" (printf "the component has no port %q; ports: %s" $asked $ports)) -}}
{{- else if and .path (not $asked) (not $call.httpPort) (or $call.ports (not $call.scope.single)) -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_HEALTH_PORT" "at" .at "message" (printf "health needs to know which port speaks HTTP: name one http, or set health.port; ports: %s" $ports)) -}}
  {{- $found = "" -}}
{{- else if and .path (not $asked) -}}
  {{- $found = $call.httpPort -}}
{{- end -}}
{{- $found -}}
{{- end -}}
