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
Gives routes as a JSON list of {name, namespace, component, service, port, host, path, public, url, stripPrefix, middlewares,
tlsName, issuer?, controller, className?, gateway?, annotations?}.
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
  {{- $_ := merge $route (include "fairlead.controller" (dict "call" $call "entry" $entry "route" $route) | fromJson) -}}
  {{- with ($entry.tls | default dict).secretName -}}
    {{- $_ := set $route "tlsName" . -}}
    {{- $_ := unset $route "issuer" -}}
  {{- end -}}
  {{- $routes = append $routes $route -}}
{{- end -}}
{{- toJson $routes -}}
{{- end -}}

{{/*
Gives what a route's controller needs, as JSON {controller, issuer?, className?, gateway?, annotations?}. What a controller cannot do
is an error: a private host must not become public for it. Takes {call, entry, route}.
*/}}
{{- define "fairlead.controller" -}}
{{- $facts := .call.scope.cluster.ingress -}}
{{- $controller := .entry.controller | default $facts.controller -}}
{{- $result := merge (dict "controller" $controller "issuer" (((.entry.tls | default dict).issuer) | default $facts.issuer)) (pick .entry "annotations") -}}
{{- $missing := list -}}
{{- if eq $controller "ingress" -}}
  {{- $class := .entry.className | default (ternary $facts.className $facts.privateClassName .route.public) -}}
  {{- with $class -}}
    {{- $_ := set $result "className" . -}}
  {{- else -}}
    {{- if not $.route.public -}}
      {{- $missing = append $missing "public: false without cluster.ingress.privateClassName" -}}
    {{- end -}}
  {{- end -}}
  {{- if .route.stripPrefix -}}
    {{- $missing = append $missing "stripPrefix; set it false" -}}
  {{- end -}}
{{- else if eq $controller "gateway" -}}
  {{- $_ := set $result "gateway" (ternary $facts.gateway $facts.privateGateway .route.public | default dict) -}}
  {{- if not ($result.gateway).name -}}
    {{- $missing = append $missing (printf "a route without cluster.ingress.%s" (ternary "gateway" "privateGateway" .route.public)) -}}
  {{- end -}}
  {{- $_ := unset $result "issuer" -}}
{{- end -}}
{{- if and .route.middlewares (ne $controller "traefik") -}}
  {{- $missing = append $missing "middlewares" -}}
{{- end -}}
{{- range $missing -}}
  {{- include "fairlead.error" (dict "scope" $.call.scope "code" "APP_INGRESS_UNSUPPORTED" "at" $.call.at "message" (printf "the controller %s cannot do %s" $controller .)) -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
