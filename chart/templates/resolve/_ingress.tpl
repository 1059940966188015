{{/*
Gives the application's routes as a JSON list: those of each component, by key, then those of `spec` that name theirs.
Takes {scope, spec, components}.
*/}}
{{- define "fairlead.routes" -}}
{{- $scope := .scope -}}
{{- $components := .components -}}
{{- $routes := list -}}
{{- $seen := dict -}}
{{- range $key, $component := $components -}}
  {{- $at := ternary (list "ingress") (list "components" $key "ingress") $scope.single -}}
  {{- $call := dict "scope" $scope "at" $at "seen" $seen "ingress" $component.routes "name" $component.name "key" $key "components" $components -}}
  {{- $routes = concat $routes (include "fairlead.ingress" $call | fromJsonArray) -}}
{{- end -}}
{{- if and .spec.ingress (not $scope.single) -}}
  {{- $call := dict "scope" $scope "at" (list "ingress") "seen" $seen "ingress" .spec.ingress "name" $scope.name "key" "" "components" $components -}}
  {{- $routes = concat $routes (include "fairlead.ingress" $call | fromJsonArray) -}}
{{- end -}}
{{- toJson $routes -}}
{{- end -}}

{{/*
Gives routes as a JSON list of {name, namespace, component, service, port, host, path, public, url, stripPrefix, middlewares, tlsName}.
One route bears the given name and several <name>-<index>; each host has one certificate.
Takes {scope, at, seen, ingress, name, key, components}: `key` is the component that routes lead to unless they say another.
*/}}
{{- define "fairlead.ingress" -}}
{{- $scope := .scope -}}
{{- $call := . -}}
{{- $entries := list -}}
{{- if kindIs "slice" .ingress -}}
  {{- $entries = .ingress -}}
{{- else if .ingress -}}
  {{- $entries = list .ingress -}}
{{- end -}}
{{- $routes := list -}}
{{- $certificates := dict -}}
{{- range $index, $entry := $entries -}}
  {{- include "fairlead.prune" $entry -}}
  {{- $name := ternary $call.name (printf "%s-%d" $call.name $index) (eq (len $entries) 1) -}}
  {{- $path := $entry.path | default "/" -}}
  {{- $key := $entry.component | default $call.key -}}
  {{- $component := get $call.components $key | default dict -}}
  {{- if not $component -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_COMPONENT" "at" $call.at "message" (printf "there is no component %q to lead to; components: %s" $key (keys $call.components | sortAlpha | join ", "))) -}}
  {{- end -}}
  {{- $port := dict -}}
  {{- range $component.ports -}}
    {{- if eq .name ($entry.port | default $component.httpPort) -}}
      {{- $port = . -}}
    {{- end -}}
  {{- end -}}
  {{- if and $component (not $port) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_PORT" "at" $call.at "message" "a route needs a port to lead to") -}}
  {{- end -}}
  {{- if not $entry.host -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_HOST" "at" $call.at "message" "a route needs a host") -}}
  {{- end -}}
  {{- $address := printf "%s%s" $entry.host $path -}}
  {{- if hasKey $call.seen $address -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_TWICE" "at" $call.at "message" (printf "%s is routed twice" $address)) -}}
  {{- end -}}
  {{- $_ := set $call.seen $address true -}}
  {{- if not (hasKey $certificates ($entry.host | toString)) -}}
    {{- $_ := set $certificates ($entry.host | toString) (printf "%s-tls" $name) -}}
  {{- end -}}
  {{- $route := dict
    "name" $name
    "namespace" ($component.namespace | default $scope.namespace)
    "component" $key
    "service" ($component.service | default dict).name
    "port" $port.service
    "host" $entry.host
    "path" $path
    "public" (ternary $entry.public true (hasKey $entry "public"))
    "url" (printf "https://%s" $address | trimSuffix "/")
    "stripPrefix" (and (ne $path "/") (ternary $entry.stripPrefix true (hasKey $entry "stripPrefix")))
    "middlewares" ($entry.middlewares | default list)
    "tlsName" (get $certificates ($entry.host | toString))
  -}}
  {{- $routes = append $routes $route -}}
{{- end -}}
{{- toJson $routes -}}
{{- end -}}
