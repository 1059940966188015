{{/*
Gives the init containers and sidecars as a JSON list of containers in the order in which they start: by `after`, else init
containers before sidecars, by name. Takes {call, main}: the component and its own container.
*/}}
{{- define "fairlead.initContainers" -}}
{{- $call := .call -}}
{{- $main := .main -}}
{{- $found := dict -}}
{{- $waiting := list -}}
{{- range $group := list "initContainers" "sidecars" -}}
  {{- range $name, $written := get $call.folded $group | default dict -}}
    {{- $at := concat $call.at (list $group $name) -}}
    {{- if eq $name $main.containerName -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_NAME_TWICE" "at" $at "message" (printf "the component's own container is called %s too" $name)) -}}
    {{- end -}}
    {{- if hasKey $found $name -}}
      {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_NAME_TWICE" "at" $at "message" (printf "an init container is called %s too" $name)) -}}
    {{- end -}}
    {{- $container := include "fairlead.extraContainer" (dict "call" $call "main" $main "name" $name "written" $written "at" $at "sidecar" (eq $group "sidecars")) | fromJson -}}
    {{- $_ := set $found $name (dict "container" $container "after" ($written.after | default list) "at" $at) -}}
    {{- $waiting = append $waiting $name -}}
  {{- end -}}
{{- end -}}
{{- $list := list -}}
{{- $started := dict -}}
{{- range until (len $waiting) -}}
  {{- $blocked := list -}}
  {{- range $name := $waiting -}}
    {{- $entry := get $found $name -}}
    {{- $free := true -}}
    {{- range $entry.after -}}
      {{- $free = and $free (hasKey $started .) -}}
    {{- end -}}
    {{- if $free -}}
      {{- $_ := set $started $name true -}}
      {{- $list = append $list $entry.container -}}
    {{- else -}}
      {{- $blocked = append $blocked $name -}}
    {{- end -}}
  {{- end -}}
  {{- $waiting = $blocked -}}
{{- end -}}
{{- range $waiting -}}
  {{- $entry := get $found . -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_AFTER" "at" (append $entry.at "after") "message" (printf "%s can never start: %s is no other init container or sidecar, or they wait for each other" . (join ", " $entry.after))) -}}
{{- end -}}
{{- include "fairlead.refuseSharedPorts" (dict "scope" $call.scope "at" $call.at "main" $main "containers" $list) -}}
{{- toJson $list -}}
{{- end -}}

{{/*
Gives one init container or sidecar as JSON, in the form of a component's own container. It has what the component mounts
and its security context; image and variables only where `inherit` says so, the image also when it names none.
Takes {call, main, name, written, at, sidecar}.
*/}}
{{- define "fairlead.extraContainer" -}}
{{- $call := .call -}}
{{- $written := .written -}}
{{- $inherit := ternary (list $written.inherit) $written.inherit (kindIs "string" $written.inherit) | default list -}}
{{- $image := $written.image | default .main.image -}}
{{- $container := dict "containerName" .name "image" $image "imagePullPolicy" (include "fairlead.pullPolicy" $image) "sidecar" .sidecar -}}
{{- $_ := merge $container (pick $written "command" "args") -}}
{{- $env := include "fairlead.env" (dict "call" $call "at" (append .at "env") "env" ($written.env | default dict) "secrets" dict) | fromJsonArray -}}
{{- if has "env" $inherit -}}
  {{- $own := dict -}}
  {{- range $env -}}
    {{- $_ := set $own .name true -}}
  {{- end -}}
  {{- $inherited := list -}}
  {{- range .main.env -}}
    {{- if not (hasKey $own .name) -}}
      {{- $inherited = append $inherited . -}}
    {{- end -}}
  {{- end -}}
  {{- $env = concat $inherited $env -}}
  {{- $_ := set $container "envFrom" .main.envFrom -}}
{{- end -}}
{{- $_ := set $container "env" $env -}}
{{- with $written.envFrom -}}
  {{- $more := include "fairlead.envFrom" (dict "call" $call "at" (append $.at "envFrom") "from" .) | fromJsonArray -}}
  {{- $_ := set $container "envFrom" (concat ($container.envFrom | default list) $more) -}}
{{- end -}}
{{- $resources := .main.resources -}}
{{- if or $written.resources .sidecar -}}
  {{- $asked := dict "cpu" "100m" "memory" "256Mi" -}}
  {{- include "fairlead.merge" (dict "into" $asked "from" ($written.resources | default dict)) -}}
  {{- $resources = include "fairlead.resources" (dict "scope" $call.scope "at" .at "folded" (dict "resources" $asked)) | fromJson -}}
{{- end -}}
{{- $_ := set $container "resources" $resources -}}
{{- $security := dict -}}
{{- include "fairlead.merge" (dict "into" $security "from" (ternary dict .main.securityContext (dig "securityContext" "privileged" false $written | toString | eq "true"))) -}}
{{- include "fairlead.merge" (dict "into" $security "from" ($written.securityContext | default dict)) -}}
{{- if eq (get $security "runAsUser" | toString) "0" -}}
  {{- $_ := set $security "runAsNonRoot" ($security.runAsNonRoot | default false) -}}
{{- end -}}
{{- if $written.securityContext -}}
  {{- include "fairlead.refuseContext" (dict "scope" $call.scope "at" .at "context" $security) -}}
{{- end -}}
{{- $_ := set $container "securityContext" $security -}}
{{- if .sidecar -}}
  {{- $ports := include "fairlead.ports" (dict "scope" $call.scope "at" .at "folded" $written) | fromJsonArray -}}
  {{- $_ := set $container "ports" $ports -}}
  {{- $health := ternary (dict "path" $written.health) $written.health (kindIs "string" $written.health) -}}
  {{- if $health -}}
    {{- $health = merge (dict "liveness" (ternary $health.liveness true (hasKey $health "liveness"))) $health -}}
  {{- end -}}
  {{- $asked := dict "scope" $call.scope "at" .at "kind" "Deployment" "ports" $ports "httpPort" (include "fairlead.httpPort" $ports) "folded" (dict "health" $health) -}}
  {{- $_ := merge $container (pick (include "fairlead.health" $asked | fromJson) "probes") -}}
{{- end -}}
{{- toJson $container -}}
{{- end -}}
