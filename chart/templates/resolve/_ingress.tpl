{{/*
Gives the application's routes as a JSON list of {name, host, path, public, url, stripPrefix, middlewares, tlsName}.
One route bears the application's name and several <name>-<index>; each host has one certificate. Takes {scope, ingress, port}.
*/}}
{{- define "fairlead.ingress" -}}
{{- $scope := .scope -}}
{{- $entries := list -}}
{{- if kindIs "slice" .ingress -}}
  {{- $entries = .ingress -}}
{{- else if .ingress -}}
  {{- $entries = list .ingress -}}
{{- end -}}
{{- if and $entries (not .port) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_PORT" "at" (list "ingress") "message" "a route needs a port to lead to") -}}
{{- end -}}
{{- $routes := list -}}
{{- $certificates := dict -}}
{{- $seen := dict -}}
{{- range $index, $entry := $entries -}}
  {{- include "fairlead.prune" $entry -}}
  {{- $name := ternary $scope.name (printf "%s-%d" $scope.name $index) (eq (len $entries) 1) -}}
  {{- $path := $entry.path | default "/" -}}
  {{- if not $entry.host -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_HOST" "at" (list "ingress") "message" "a route needs a host") -}}
  {{- end -}}
  {{- $address := printf "%s%s" $entry.host $path -}}
  {{- if hasKey $seen $address -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_TWICE" "at" (list "ingress") "message" (printf "%s is routed twice" $address)) -}}
  {{- end -}}
  {{- $_ := set $seen $address true -}}
  {{- if not (hasKey $certificates ($entry.host | toString)) -}}
    {{- $_ := set $certificates ($entry.host | toString) (printf "%s-tls" $name) -}}
  {{- end -}}
  {{- $route := dict
    "name" $name
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
