{{/*
Gives the component's ports as a JSON list of {name, port, service, protocol, hostPort?}, by name. The Service of a single
application listens on 80, as the seed's did; all else on the container's own port. Takes {scope, at, folded}.
*/}}
{{- define "fairlead.ports" -}}
{{- $call := . -}}
{{- $ports := list -}}
{{- $seen := dict -}}
{{- $onNode := eq ((.folded.hostAccess | default dict).network | toString) "true" -}}
{{- range $name, $value := .folded.ports -}}
  {{- $given := $value -}}
  {{- if not (kindIs "map" $value) -}}
    {{- $text := include "fairlead.text" $value -}}
    {{- $given = dict "port" (splitList "/" $text | first | int) "protocol" (trimPrefix "/" (regexFind `/.*$` $text) | default "TCP") -}}
  {{- end -}}
  {{- $number := int $given.port -}}
  {{- $usual := ternary 80 $number (and $call.scope.single (eq $name "http")) -}}
  {{- $port := dict "name" $name "port" $number "service" (int ($given.service | default $usual)) "protocol" ($given.protocol | default "TCP") -}}
  {{- with $given.hostPort -}}
    {{- $_ := set $port "hostPort" (int .) -}}
  {{- end -}}
  {{- if not $given.port -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PORT_INCOMPLETE" "at" (concat $call.at (list "ports" $name)) "message" "a port needs its number: port") -}}
  {{- end -}}
  {{- if and $port.hostPort $onNode (ne $port.hostPort $number) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_HOST_PORT" "at" (concat $call.at (list "ports" $name "hostPort")) "message" (printf "on the network of the node a port has one number, and %d is not %d; remove hostPort" $port.hostPort $number)) -}}
  {{- end -}}
  {{- $listens := printf "%d/%s" (int $port.service) $port.protocol -}}
  {{- if hasKey $seen $listens -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_PORT_TWICE" "at" (concat $call.at (list "ports" $name)) "message" (printf "the Service listens on %s for %s too" $listens (get $seen $listens))) -}}
  {{- end -}}
  {{- $_ := set $seen $listens $name -}}
  {{- $ports = append $ports $port -}}
{{- end -}}
{{- toJson $ports -}}
{{- end -}}

{{/* Gives the name of the port that speaks HTTP: `http`, else the only one, else nothing. Takes the list of ports. */}}
{{- define "fairlead.httpPort" -}}
{{- $name := "" -}}
{{- if eq (len .) 1 -}}
  {{- $name = (first .).name -}}
{{- end -}}
{{- range . -}}
  {{- if eq .name "http" -}}
    {{- $name = "http" -}}
  {{- end -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/*
Gives {service} as JSON, {name, headless?, type?, annotations?, ports}, for a component with ports. A StatefulSet has a headless Service for
the names of its pods, in any case, next to the one that spreads requests. Takes {scope, at, kind, name, ports, folded}.
*/}}
{{- define "fairlead.service" -}}
{{- $asked := .folded.service | default dict -}}
{{- $stateful := eq .kind "StatefulSet" -}}
{{- $name := $asked.name | default .name -}}
{{- $result := dict -}}
{{- if or .ports $stateful -}}
  {{- if not (regexMatch `^[a-z]` $name) -}}
    {{- include "fairlead.error" (dict "scope" .scope "code" "APP_NAME_INVALID" "at" (concat .at (list "service" "name")) "message" (printf "a Service's name begins with a letter, and %s does not; set service.name" $name)) -}}
  {{- end -}}
  {{- $service := dict "name" $name -}}
  {{- $_ := merge $service (pick $asked "type" "annotations") -}}
  {{- if ternary $asked.headless $stateful (hasKey $asked "headless") -}}
    {{- $_ := set $service "headless" (printf "%s-headless" $name) -}}
  {{- end -}}
  {{- $_ := set $result "service" $service -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
