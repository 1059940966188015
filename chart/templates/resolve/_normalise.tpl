{{/*
Brings `spec`, or the body of an environment, into the one form that can be merged, with the defaults and components in
it. Works in place. Takes {scope, layer, path}.
*/}}
{{- define "fairlead.normaliseAll" -}}
{{- $call := . -}}
{{- include "fairlead.normalise" . -}}
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
{{- range $layer.volumes -}}
  {{- if kindIs "map" . -}}
    {{- include "fairlead.oneOf" (dict "map" . "keys" (list "size" "existingClaim" "hostPath" "emptyDir")) -}}
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

{{/* The seed's startupFailureThreshold counted probes of five seconds. Takes {scope, health, path}; works in place. */}}
{{- define "fairlead.normaliseHealth" -}}
{{- if .health.startupFailureThreshold -}}
  {{- $_ := set .health "startup" (dict "within" (mul 5 (int .health.startupFailureThreshold))) -}}
  {{- include "fairlead.notice" (dict "scope" .scope "path" (printf "%s.health.startupFailureThreshold" .path) "message" "write health: {startup: {within: 5m}} instead") -}}
{{- end -}}
{{- $_ := unset .health "startupFailureThreshold" -}}
{{- include "fairlead.oneOf" (dict "map" .health "keys" (list "path" "exec" "tcp" "grpc")) -}}
{{- end -}}

{{/* Setting one of several keys that exclude each other clears the others of a lower layer. Takes {map, keys}; works in place. */}}
{{- define "fairlead.oneOf" -}}
{{- $map := .map -}}
{{- $set := false -}}
{{- range .keys -}}
  {{- $set = or $set (and (hasKey $map .) (not (kindIs "invalid" (get $map .)))) -}}
{{- end -}}
{{- if $set -}}
  {{- range .keys -}}
    {{- if not (hasKey $map .) -}}
      {{- $_ := set $map . nil -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
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
