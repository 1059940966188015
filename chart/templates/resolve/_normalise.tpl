{{/*
Brings `spec`, or the body of an environment, into the one form that can be merged, with the defaults and components in
it. Works in place. Takes {scope, layer, path}.
*/}}
{{- define "fairlead.normaliseAll" -}}
{{- $call := . -}}
{{- include "fairlead.olderKeys" . -}}
{{- include "fairlead.normalise" . -}}
{{- range $name, $check := .layer.verify -}}
  {{- if kindIs "map" $check -}}
    {{- $path := printf "%s.verify.%s" $call.path $name -}}
    {{- include "fairlead.oneOf" (dict "scope" $call.scope "path" $path "map" $check "keys" (list "http" "run" "logs")) -}}
    {{- with $check.expect -}}
      {{- include "fairlead.oneOf" (dict "scope" $call.scope "path" (printf "%s.expect" $path) "map" . "keys" (list "text" "config" "secret")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if kindIs "map" .layer.defaults -}}
  {{- include "fairlead.normalise" (dict "scope" .scope "layer" .layer.defaults "path" (printf "%s.defaults" .path)) -}}
{{- end -}}
{{- range $key, $component := .layer.components -}}
  {{- if kindIs "map" $component -}}
    {{- include "fairlead.normalise" (dict "scope" $call.scope "layer" $component "path" (printf "%s.components.%s" $call.path $key)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Brings the keys of one component into that form: shorthands and the seed's older spellings become maps. Works in place. Takes {scope, layer, path}. */}}
{{- define "fairlead.normalise" -}}
{{- $layer := .layer -}}
{{- if hasKey $layer "port" -}}
  {{- if not (kindIs "map" $layer.ports) -}}
    {{- $_ := set $layer "ports" dict -}}
  {{- end -}}
  {{- $_ := set $layer.ports "http" $layer.port -}}
  {{- $_ := unset $layer "port" -}}
{{- end -}}
{{- if kindIs "float64" $layer.replicas -}}
  {{- $_ := set $layer "replicas" (dict "count" $layer.replicas "min" nil "max" nil "cpu" nil "memory" nil "behavior" nil "name" nil) -}}
{{- else if kindIs "map" $layer.replicas -}}
  {{- $_ := set $layer.replicas "count" nil -}}
{{- end -}}
{{- if kindIs "string" $layer.image -}}
  {{- $_ := set $layer "image" (include "fairlead.parseImage" $layer.image | fromJson) -}}
{{- else if kindIs "map" $layer.image -}}
  {{- include "fairlead.normaliseImage" $layer.image -}}
{{- end -}}
{{- if kindIs "string" $layer.health -}}
  {{- $_ := set $layer "health" (dict "path" $layer.health) -}}
{{- end -}}
{{- if kindIs "map" $layer.health -}}
  {{- include "fairlead.normaliseHealth" (dict "scope" .scope "health" $layer.health "path" .path) -}}
{{- end -}}
{{- range $name, $sidecar := $layer.sidecars -}}
  {{- $health := ($sidecar | default dict).health -}}
  {{- if kindIs "map" $health -}}
    {{- include "fairlead.normaliseHealth" (dict "scope" $.scope "health" $health "path" (printf "%s.sidecars.%s" $.path $name)) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $volume := $layer.volumes -}}
  {{- if kindIs "map" $volume -}}
    {{- include "fairlead.oneOf" (dict "scope" $.scope "path" (printf "%s.volumes.%s" $.path $name) "map" $volume "keys" (list "size" "existingClaim" "hostPath" "emptyDir")) -}}
  {{- end -}}
{{- end -}}
{{- if kindIs "map" $layer.secrets -}}
  {{- include "fairlead.normaliseNames" (dict "map" $layer.secrets "key" "env") -}}
  {{- $call := . -}}
  {{- range $name, $set := omit $layer.secrets "path" "env" -}}
    {{- if kindIs "map" $set -}}
      {{- include "fairlead.oneOf" (dict "scope" $call.scope "path" (printf "%s.secrets.%s" $call.path $name) "map" $set "keys" (list "path" "existingSecret")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if kindIs "map" $layer.pdb -}}
  {{- include "fairlead.oneOf" (dict "scope" .scope "path" (printf "%s.pdb" .path) "map" $layer.pdb "keys" (list "minAvailable" "maxUnavailable")) -}}
{{- end -}}
{{- if kindIs "map" $layer.build -}}
  {{- include "fairlead.normaliseNames" (dict "map" $layer.build "key" "secrets") -}}
{{- end -}}
{{- if kindIs "map" $layer.ingress -}}
  {{- include "fairlead.normaliseIngress" (dict "scope" .scope "route" $layer.ingress "path" (printf "%s.ingress" .path)) -}}
{{- else if kindIs "slice" $layer.ingress -}}
  {{- $call := . -}}
  {{- range $index, $route := $layer.ingress -}}
    {{- include "fairlead.normaliseIngress" (dict "scope" $call.scope "route" $route "path" (printf "%s.ingress.%d" $call.path $index)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Gives an image reference as JSON {repository, tag, digest}; absent parts are null, so that it replaces a lower layer whole. */}}
{{- define "fairlead.parseImage" -}}
{{- $digest := regexFind `@.+$` . | trimPrefix "@" -}}
{{- $rest := regexReplaceAll `@.+$` . "" -}}
{{- $tag := regexFind `:[^:/]+$` $rest | trimPrefix ":" -}}
{{- $repository := regexReplaceAll `:[^:/]+$` $rest "" -}}
{{- dict "repository" $repository "tag" (ternary $tag nil (ne $tag "")) "digest" (ternary $digest nil (ne $digest "")) | toJson -}}
{{- end -}}

{{/* A tag clears an inherited digest and a digest an inherited tag. Works in place on an image map. */}}
{{- define "fairlead.normaliseImage" -}}
{{- if and (hasKey . "tag") (not (hasKey . "digest")) -}}
  {{- $_ := set . "digest" nil -}}
{{- else if and (hasKey . "digest") (not (hasKey . "tag")) -}}
  {{- $_ := set . "tag" nil -}}
{{- end -}}
{{- end -}}

{{/*
Brings `health` into the form that can be merged: of its forms, and of the words for one time, the one that is set clears the
others. The seed's startupFailureThreshold counted probes of ten seconds, Kubernetes' default. Takes {scope, health, path};
works in place.
*/}}
{{- define "fairlead.normaliseHealth" -}}
{{- $scope := .scope -}}
{{- $health := .health -}}
{{- $path := printf "%s.health" .path -}}
{{- if $health.startupFailureThreshold -}}
  {{- $_ := set $health "startup" (dict "within" (mul 10 (int $health.startupFailureThreshold))) -}}
  {{- include "fairlead.notice" (dict "scope" $scope "path" (printf "%s.startupFailureThreshold" $path) "message" "write health: {startup: {within: 5m}} instead") -}}
{{- end -}}
{{- $_ := unset $health "startupFailureThreshold" -}}
{{- include "fairlead.normaliseProbe" (dict "scope" $scope "probe" $health "path" $path) -}}
{{- range $name := list "startup" "readiness" "liveness" -}}
  {{- $probe := get $health $name -}}
  {{- if kindIs "map" $probe -}}
    {{- include "fairlead.normaliseProbe" (dict "scope" $scope "probe" $probe "path" (printf "%s.%s" $path $name)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes {scope, probe, path}; works in place. */}}
{{- define "fairlead.normaliseProbe" -}}
{{- $call := . -}}
{{- range $form := list "tcp" "grpc" -}}
  {{- if eq (get $call.probe $form | toString) "false" -}}
    {{- $_ := set $call.probe $form nil -}}
  {{- end -}}
{{- end -}}
{{- range $keys := list (list "path" "exec" "tcp" "grpc") (list "period" "periodSeconds") (list "timeout" "timeoutSeconds") (list "failures" "failureThreshold" "within") -}}
  {{- include "fairlead.oneOf" (dict "scope" $call.scope "path" $call.path "map" $call.probe "keys" $keys) -}}
{{- end -}}
{{- end -}}

{{/*
Setting one of several keys that exclude each other clears the others of a lower layer; two of them at one place are an
error. Takes {scope, path, map, keys}; works in place.
*/}}
{{- define "fairlead.oneOf" -}}
{{- $map := .map -}}
{{- $set := include "fairlead.given" (dict "map" $map "keys" .keys) | fromJsonArray -}}
{{- if gt (len $set) 1 -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_FORM_TWICE" "path" .path "message" (printf "%s exclude each other; keep one" (join ", " $set))) -}}
{{- end -}}
{{- if $set -}}
  {{- range .keys -}}
    {{- if not (hasKey $map .) -}}
      {{- $_ := set $map . nil -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/* Notes an error for a map that sets several keys which exclude each other. Takes {scope, at, map, keys}. */}}
{{- define "fairlead.refuseForms" -}}
{{- $set := include "fairlead.given" . | fromJsonArray -}}
{{- if gt (len $set) 1 -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_FORM_TWICE" "at" .at "message" (printf "%s exclude each other; keep one" (join ", " $set))) -}}
{{- end -}}
{{- end -}}

{{/* Gives those of some keys that a map sets, as a JSON list. Takes {map, keys}. */}}
{{- define "fairlead.given" -}}
{{- $map := .map -}}
{{- $set := list -}}
{{- range .keys -}}
  {{- if and (hasKey $map .) (not (kindIs "invalid" (get $map .))) -}}
    {{- $set = append $set . -}}
  {{- end -}}
{{- end -}}
{{- toJson $set -}}
{{- end -}}

{{/* A list of names counts as a map from each name to itself, so that environments can add and delete. Takes {map, key}; works in place. */}}
{{- define "fairlead.normaliseNames" -}}
{{- $list := get .map .key -}}
{{- if kindIs "slice" $list -}}
  {{- $names := dict -}}
  {{- range $list -}}
    {{- $_ := set $names . . -}}
  {{- end -}}
  {{- $_ := set .map .key $names -}}
{{- end -}}
{{- end -}}

{{/* The seed's `private` is the inverse of `public`. Takes {scope, route, path}; works in place. */}}
{{- define "fairlead.normaliseIngress" -}}
{{- if kindIs "bool" .route.private -}}
  {{- $_ := set .route "public" (not .route.private) -}}
  {{- include "fairlead.notice" (dict "scope" .scope "path" (printf "%s.private" .path) "message" (printf "write public: %t instead" .route.public)) -}}
{{- end -}}
{{- $_ := unset .route "private" -}}
{{- end -}}
