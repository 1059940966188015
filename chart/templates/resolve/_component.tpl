{{/*
Gives one component, resolved, as JSON: what the templates of chart/templates/kinds print and what the actions read.
Takes {scope, key, objectName, layer}: the component's merged layers, tombstones included.
*/}}
{{- define "fairlead.component" -}}
{{- $scope := .scope -}}
{{- $folded := include "fairlead.defaults" . | fromYaml -}}
{{- include "fairlead.merge" (dict "into" $folded "from" .layer) -}}
{{- $env := dict -}}
{{- with $folded.port -}}
  {{- $_ := set $env "PORT" . -}}
{{- end -}}
{{- with ($scope.cluster.telemetry | default dict).endpoint -}}
  {{- $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" . -}}
{{- end -}}
{{- include "fairlead.merge" (dict "into" $env "from" ($folded.env | default dict)) -}}
{{- $_ := set $folded "env" $env -}}
{{- include "fairlead.prune" $folded -}}
{{- $replicas := ternary $folded.replicas 1 (hasKey $folded "replicas") | int -}}
{{- $_ := set $folded "replicas" $replicas -}}
{{- $call := dict "scope" $scope "key" .key "folded" $folded "hasBuild" (not (empty .layer.build)) -}}

{{- $component := dict "name" .objectName "kind" "Deployment" "replicas" $replicas "runAsRoot" ($folded.runAsRoot | default false) -}}
{{- with $folded.port -}}
  {{- $_ := set $component "port" (int .) -}}
{{- end -}}
{{- $_ := merge $component (pick $folded "command" "args") -}}
{{- $_ := merge $component (include "fairlead.image" $call | fromJson) -}}
{{- $_ := set $component "resources" (include "fairlead.resources" $call | fromJson) -}}
{{- $_ := merge $component (include "fairlead.health" $call | fromJson) -}}
{{- $_ := set $component "env" (include "fairlead.env" $call | fromJsonArray) -}}
{{- with include "fairlead.storage" $call -}}
  {{- $_ := set $component "storage" (fromJson .) -}}
{{- end -}}
{{- toJson $component -}}
{{- end -}}

{{/*
Gives {image, imagePullPolicy} and, for a component whose image is made from the repository, {build}, as JSON.
CI's image wins over the manifest's, which wins over {registry}/{name}:latest. Takes {scope, key, folded, hasBuild}.
*/}}
{{- define "fairlead.image" -}}
{{- $own := .folded.image | default dict -}}
{{- $default := printf "%s/%s" .scope.cluster.registry .scope.name -}}
{{- $image := $own.repository | default $default -}}
{{- $tag := include "fairlead.text" ($own.tag | default (ternary "" "latest" (or (hasKey $own "repository") (hasKey $own "digest")))) -}}
{{- with $tag -}}
  {{- $image = printf "%s:%s" $image . -}}
{{- end -}}
{{- with $own.digest -}}
  {{- $image = printf "%s@%s" $image . -}}
{{- end -}}
{{- $image = get (.scope.values.deploy.images | default dict) .key | default $image -}}
{{- $mutable := or (not (regexMatch `(@|:[^/]+$)` $image)) (regexMatch `:(latest|main)$` $image) -}}
{{- $result := dict "image" $image "imagePullPolicy" (ternary "Always" "IfNotPresent" $mutable) -}}
{{- if and .folded.build (or .hasBuild (not $own.repository)) -}}
  {{- $build := pick .folded.build "context" "file" "target" "platforms" -}}
  {{- $args := dict -}}
  {{- include "fairlead.merge" (dict "into" $args "from" ((.scope.cluster.build | default dict).args | default dict)) -}}
  {{- include "fairlead.merge" (dict "into" $args "from" (.folded.build.args | default dict)) -}}
  {{- $_ := set $build "args" (include "fairlead.texts" (dict "scope" .scope "at" (list "build" "args") "map" $args) | fromJson) -}}
  {{- $_ := set $build "secrets" (.folded.build.secrets | default dict) -}}
  {{- $_ := set $build "repository" ($own.repository | default $default) -}}
  {{- $_ := set $result "build" $build -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/* Gives the container's resources as JSON. The memory limit is twice the request unless set; there is no CPU limit unless set. Takes {scope, folded}. */}}
{{- define "fairlead.resources" -}}
{{- $scope := .scope -}}
{{- $asked := .folded.resources | default dict -}}
{{- $texts := dict -}}
{{- range $key, $value := $asked -}}
  {{- $_ := set $texts $key (include "fairlead.quantity" (dict "scope" $scope "at" (list "resources" $key) "value" $value)) -}}
{{- end -}}
{{- if and $texts.memory (not $texts.memoryLimit) -}}
  {{- $_ := set $texts "memoryLimit" (include "fairlead.double" $texts.memory) -}}
{{- end -}}
{{- $requests := dict -}}
{{- $limits := dict -}}
{{- range $resource := list "cpu" "memory" -}}
  {{- with get $texts $resource -}}
    {{- $_ := set $requests $resource . -}}
  {{- end -}}
  {{- with get $texts (printf "%sLimit" $resource) -}}
    {{- $_ := set $limits $resource . -}}
  {{- end -}}
{{- end -}}
{{- dict "requests" $requests "limits" $limits | toJson -}}
{{- end -}}

{{/*
Gives {health, probes} as JSON; both are left out without a port or with `health: null`.
The startup probe asks every second, so a fast application is ready at once, and gates the others for `startup.within`.
The seed's initialDelaySeconds gave slow applications time, so it widens that budget. Takes {scope, folded}.
*/}}
{{- define "fairlead.health" -}}
{{- $health := .folded.health -}}
{{- $result := dict -}}
{{- if and (hasKey ($health | default dict) "path") .folded.port -}}
  {{- $delay := $health.initialDelaySeconds | default 0 | int -}}
  {{- $within := add 120 $delay -}}
  {{- with $health.startup -}}
    {{- if hasKey . "within" -}}
      {{- $within = include "fairlead.seconds" (dict "scope" $.scope "at" (list "health" "startup" "within") "value" .within) | trim | int -}}
    {{- end -}}
  {{- end -}}
  {{- $ask := dict "httpGet" (dict "path" $health.path "port" "http") "timeoutSeconds" ($health.timeoutSeconds | default 5 | int) -}}
  {{- $probes := dict "startupProbe" (merge (dict "periodSeconds" 1 "failureThreshold" (max 1 $within)) $ask) -}}
  {{- $_ := set $probes "readinessProbe" (merge (dict "periodSeconds" 5 "failureThreshold" 3) $ask) -}}
  {{- if $health.liveness -}}
    {{- $_ := set $probes "livenessProbe" (merge (dict "initialDelaySeconds" $delay "periodSeconds" ($health.periodSeconds | default 10 | int) "failureThreshold" 3) $ask) -}}
  {{- end -}}
  {{- $facts := dict "path" $health.path "startup" (dict "within" $within) -}}
  {{- with $health.crashRestarts -}}
    {{- $_ := set $facts "crashRestarts" (int .) -}}
  {{- end -}}
  {{- $result = dict "health" $facts "probes" $probes -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/*
Gives the container's variables as a JSON list of {name, value} and {name, secret, key}. Secrets come first, and a value
that uses $(NAME) comes after NAME, because Kubernetes expands only what stands above. Takes {scope, folded}.
*/}}
{{- define "fairlead.env" -}}
{{- $call := . -}}
{{- $values := include "fairlead.texts" (dict "scope" .scope "at" (list "env") "map" .folded.env) | fromJson -}}
{{- $list := list -}}
{{- $secrets := (.folded.secrets | default dict).env | default dict -}}
{{- range $name := keys $secrets | sortAlpha -}}
  {{- if hasKey $values $name -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_ENV_TWICE" "at" (list "env" $name) "message" (printf "secrets.env sets %s too; remove one of them (null removes)" $name)) -}}
  {{- end -}}
  {{- $list = append $list (dict "name" $name "secret" (printf "%s-secrets" $call.scope.name) "key" (get $secrets $name)) -}}
{{- end -}}
{{- $waiting := keys $values | sortAlpha -}}
{{- range until (len $waiting) -}}
  {{- if $waiting -}}
    {{- $blocked := list -}}
    {{- range $name := $waiting -}}
      {{- $free := true -}}
      {{- range $other := $waiting -}}
        {{- if and (ne $other $name) (contains (printf "$(%s)" $other) (get $values $name)) -}}
          {{- $free = false -}}
        {{- end -}}
      {{- end -}}
      {{- if $free -}}
        {{- $list = append $list (dict "name" $name "value" (get $values $name)) -}}
      {{- else -}}
        {{- $blocked = append $blocked $name -}}
      {{- end -}}
    {{- end -}}
    {{- $waiting = $blocked -}}
  {{- end -}}
{{- end -}}
{{- if $waiting -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_ENV_CYCLE" "at" (list "env" (first $waiting)) "message" (printf "%s refer to each other" (join ", " $waiting))) -}}
{{- end -}}
{{- toJson $list -}}
{{- end -}}

{{/* Gives the seed's static volume as JSON {size, mountPath, hostPath, volume, claim}, or nothing. Takes {scope, folded}. */}}
{{- define "fairlead.storage" -}}
{{- $scope := .scope -}}
{{- with .folded.storage -}}
  {{- $storage := . -}}
  {{- range $key := list "size" "mountPath" -}}
    {{- if not (get $storage $key) -}}
      {{- include "fairlead.error" (dict "scope" $scope "code" "APP_STORAGE_INCOMPLETE" "at" (list "storage") "message" (printf "storage needs %s" $key)) -}}
    {{- end -}}
  {{- end -}}
  {{- $size := "" -}}
  {{- with .size -}}
    {{- $size = include "fairlead.quantity" (dict "scope" $scope "at" (list "storage" "size") "value" .) -}}
  {{- end -}}
  {{- if gt (int $.folded.replicas) 1 -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_STORAGE_SHARED" "at" (list "replicas") "message" "two pods must not write to one storage; set replicas: 1 or remove storage") -}}
  {{- end -}}
  {{- $folder := printf "%s/%s-%s" $scope.cluster.storage.root $scope.name $scope.environment -}}
  {{- dict
    "size" $size
    "mountPath" .mountPath
    "hostPath" (.hostPath | default $folder)
    "volume" (printf "%s-%s-data" $scope.name $scope.environment)
    "claim" (printf "%s-data" $scope.name)
  | toJson -}}
{{- end -}}
{{- end -}}
