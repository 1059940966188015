{{/*
Gives the application's routes as a JSON list: those of each component, by key, then those of `spec` that name theirs. `at` is
where one is written, until nothing more is to be told of it.
Takes {scope, spec, components}.
*/}}
{{- define "fairlead.routes" -}}
{{- $scope := .scope -}}
{{- $shared := dict "scope" $scope "components" .components "seen" dict "certificates" dict -}}
{{- $routes := list -}}
{{- range $key, $component := .components -}}
  {{- $at := ternary (list "ingress") (list "components" $key "ingress") $scope.single -}}
  {{- $call := merge (dict "at" $at "ingress" $component.routes "name" $component.name "key" $key) $shared -}}
  {{- $routes = concat $routes (include "fairlead.ingress" $call | fromJsonArray) -}}
{{- end -}}
{{- if and (has (kindOf .spec.ingress) (list "map" "slice")) (not $scope.single) -}}
  {{- $call := merge (dict "at" (list "ingress") "ingress" .spec.ingress "name" $scope.name "key" "") $shared -}}
  {{- $routes = concat $routes (include "fairlead.ingress" $call | fromJsonArray) -}}
{{- end -}}
{{- toJson ($routes | default list) -}}
{{- end -}}

{{/*
Gives routes as a JSON list; chart/README.md describes one. The seed's names: a route by itself has the given name and the
certificate <name>-tls; those of a list are <name>-<index>, with a certificate <name>-<host>-tls for each host, so that a list may grow.
Takes {scope, components, seen, certificates, at, ingress, name, key}: `key` is the component that routes lead to unless they
say another; `seen` and `certificates` are of the whole application.
*/}}
{{- define "fairlead.ingress" -}}
{{- $call := . -}}
{{- $routes := list -}}
{{- if kindIs "slice" .ingress -}}
  {{- range $index, $entry := .ingress -}}
    {{- include "fairlead.conventionalHost" (dict "scope" $call.scope "entry" $entry) -}}
    {{- $own := dict "at" (append $call.at $index) "entry" $entry "route" (printf "%s-%d" $call.name $index) -}}
    {{- $_ := set $own "certificate" (printf "%s-%s-tls" $call.name (toString $entry.host | lower | replace "." "-" | replace "*" "any")) -}}
    {{- $routes = append $routes (include "fairlead.route" (merge $own $call) | fromJson) -}}
  {{- end -}}
{{- else if kindIs "map" .ingress -}}
  {{- include "fairlead.conventionalHost" (dict "scope" .scope "entry" .ingress) -}}
  {{- $own := dict "entry" .ingress "route" .name "certificate" (printf "%s-tls" .name) -}}
  {{- $routes = append $routes (include "fairlead.route" (merge $own .) | fromJson) -}}
{{- end -}}
{{- toJson $routes -}}
{{- end -}}

{{/* Gives one route as JSON. Takes the call of "fairlead.ingress" with {at, entry, route, certificate} of this one. */}}
{{- define "fairlead.route" -}}
{{- $scope := .scope -}}
{{- $entry := .entry -}}
{{- include "fairlead.prune" $entry -}}
{{- $host := $entry.host | default "" | toString -}}
{{- $path := $entry.path | default "/" -}}
{{- $key := $entry.component | default .key -}}
{{- $component := get .components $key | default dict -}}
{{- $port := include "fairlead.routePort" (merge (dict "component" $component "key" $key) .) | fromJson -}}
{{- if not $host -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_NO_HOST" "at" .at "message" "a route needs a host") -}}
{{- end -}}
{{- $address := printf "%s%s" $host $path -}}
{{- /* A host is the same in any case, and so is a path with a slash behind it. */ -}}
{{- $same := printf "%s%s" (lower $host) (trimSuffix "/" $path) -}}
{{- if hasKey .seen $same -}}
  {{- $other := include "fairlead.place" (dict "scope" $scope "at" (get .seen $same)) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_TWICE" "at" .at "message" (printf "%s is routed at %s too; change one of them" $address $other)) -}}
{{- else -}}
  {{- $_ := set .seen $same .at -}}
{{- end -}}
{{- $namespace := $component.namespace | default $scope.namespace -}}
{{- $tls := ternary $entry.tls dict (kindIs "map" $entry.tls) -}}
{{- $plain := eq (get $entry "tls" | toString) "false" -}}
{{- $redirect := hasKey $entry "redirectTo" -}}
{{- $route := dict
  "at" .at
  "name" .route
  "namespace" $namespace
  "component" $key
  "service" ($component.service | default dict).name
  "port" $port.service
  "host" $host
  "path" $path
  "public" (ternary $entry.public true (hasKey $entry "public"))
  "url" (printf "%s://%s" (ternary "http" "https" $plain) $address | trimSuffix "/")
  "stripPrefix" (and (ne $path "/") (not $redirect) (ternary $entry.stripPrefix true (hasKey $entry "stripPrefix")))
-}}
{{- if not $plain -}}
  {{- $certificate := printf "%s/%s" $namespace $host -}}
  {{- if not (hasKey .certificates $certificate) -}}
    {{- $_ := set .certificates $certificate .certificate -}}
  {{- end -}}
  {{- $_ := set $route "tlsName" ($tls.secretName | default (get .certificates $certificate)) -}}
{{- end -}}
{{- if $redirect -}}
  {{- $_ := set $route "redirect" (include "fairlead.redirect" (dict "scope" $scope "at" .at "entry" $entry "host" $host) | fromJson) -}}
{{- end -}}
{{- $_ := merge $route (include "fairlead.middlewares" (dict "route" $route "entry" $entry) | fromJson) -}}
{{- merge $route (include "fairlead.controller" (dict "scope" $scope "at" .at "entry" $entry "route" $route "tls" $tls) | fromJson) | toJson -}}
{{- end -}}

{{/* Gives the port that a route leads to as JSON, or {} with an error. Takes {scope, components, at, entry, component, key}. */}}
{{- define "fairlead.routePort" -}}
{{- $component := .component -}}
{{- $asked := .entry.port | default $component.httpPort -}}
{{- $found := dict -}}
{{- range $component.ports -}}
  {{- if eq .name $asked -}}
    {{- $found = . -}}
  {{- end -}}
{{- end -}}
{{- if not $component -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_INGRESS_NO_COMPONENT" "at" (ternary (append .at "component") .at (hasKey .entry "component")) "message" (printf "there is no component %q to lead to; components: %s" .key (keys .components | sortAlpha | join ", "))) -}}
{{- else if not $found -}}
  {{- $names := list -}}
  {{- range $component.ports -}}
    {{- $names = append $names .name -}}
  {{- end -}}
  {{- $what := ternary (printf "the component has no port %q" .entry.port) "a route needs a port to lead to" (hasKey .entry "port") -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_INGRESS_NO_PORT" "at" (ternary (append .at "port") .at (hasKey .entry "port")) "message" (printf "%s; ports: %s" $what (join ", " $names | default "none"))) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{/*
Gives where a route sends its visitors, as JSON {to, host, port?, path, preservePath}. It answers for its whole host; the path
that was asked for goes along unless `preservePath` is false. Takes {scope, at, entry, host}.
*/}}
{{- define "fairlead.redirect" -}}
{{- $scope := .scope -}}
{{- $at := append .at "redirectTo" -}}
{{- $to := .entry.redirectTo | toString | trimSuffix "/" -}}
{{- $rest := trimPrefix "https://" $to -}}
{{- $authority := regexFind `^[^/?#]*` $rest -}}
{{- $port := regexFind `:[0-9]+$` $authority | trimPrefix ":" -}}
{{- $target := regexReplaceAll `:[0-9]+$` $authority "" -}}
{{- if or (not (hasPrefix "https://" $to)) (not (regexMatch `^[A-Za-z0-9.-]+$` $target)) (regexMatch `[?#\s]` $rest) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_REDIRECT" "at" $at "message" (printf "%q is not an address without a query; write for example https://www.example.com/articles" $to)) -}}
{{- else if eq (lower $target) (lower .host) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_REDIRECT" "at" $at "message" (printf "%s would send its visitors to itself" .host)) -}}
{{- end -}}
{{- if ne (.entry.path | default "/") "/" -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_INGRESS_REDIRECT" "at" (append .at "path") "message" "a redirect answers for its whole host; remove path") -}}
{{- end -}}
{{- $redirect := dict "to" $to "host" $target "path" (trimPrefix $authority $rest) "preservePath" (ternary .entry.preservePath true (hasKey .entry "preservePath")) -}}
{{- with $port -}}
  {{- $_ := set $redirect "port" (int .) -}}
{{- end -}}
{{- toJson $redirect -}}
{{- end -}}

{{/*
Gives {middlewares, ownMiddlewares} as JSON: the Traefik Middlewares that the manifest names, in its order, and those that it
brings itself, as [{name, spec}], which belong to the route. Takes {route, entry}.
*/}}
{{- define "fairlead.middlewares" -}}
{{- $names := list -}}
{{- $own := list -}}
{{- range .entry.middlewares -}}
  {{- if kindIs "string" . -}}
    {{- $names = append $names (dict "name" .) -}}
  {{- else if hasKey . "spec" -}}
    {{- $name := printf "%s-%s" $.route.name .name -}}
    {{- $names = append $names (dict "name" $name) -}}
    {{- $own = append $own (dict "name" $name "spec" .spec) -}}
  {{- else -}}
    {{- $names = append $names (pick . "name" "namespace") -}}
  {{- end -}}
{{- end -}}
{{- dict "middlewares" $names "ownMiddlewares" $own | toJson -}}
{{- end -}}

{{/*
Gives what a route's controller needs, as JSON {controller, issuer?, className?, gateway?, annotations?}. What a controller cannot do
is an error: a private host must not become public for it. Takes {scope, at, entry, route, tls}.
*/}}
{{- define "fairlead.controller" -}}
{{- $call := . -}}
{{- $facts := .scope.cluster.ingress -}}
{{- $controller := .entry.controller | default $facts.controller -}}
{{- $result := merge (dict "controller" $controller) (pick .entry "annotations") -}}
{{- $missing := dict -}}
{{- if and .route.tlsName (not .tls.secretName) (ne $controller "gateway") -}}
  {{- with .tls.issuer | default $facts.issuer -}}
    {{- $_ := set $result "issuer" . -}}
  {{- end -}}
{{- end -}}
{{- if eq $controller "ingress" -}}
  {{- $class := .entry.className | default (ternary $facts.className $facts.privateClassName .route.public) -}}
  {{- with $class -}}
    {{- $_ := set $result "className" . -}}
  {{- else -}}
    {{- if not $.route.public -}}
      {{- $_ := set $missing "public" "public: false without cluster.ingress.privateClassName" -}}
    {{- end -}}
  {{- end -}}
  {{- if .route.stripPrefix -}}
    {{- $_ := set $missing (ternary "stripPrefix" "path" (hasKey .entry "stripPrefix")) "stripPrefix; set it false" -}}
  {{- end -}}
  {{- if .route.redirect -}}
    {{- $_ := set $missing "redirectTo" "redirectTo" -}}
  {{- end -}}
{{- else if eq $controller "gateway" -}}
  {{- $_ := set $result "gateway" (ternary $facts.gateway $facts.privateGateway .route.public | default dict) -}}
  {{- if not ($result.gateway).name -}}
    {{- $_ := set $missing (ternary "host" "public" .route.public) (printf "a route without cluster.ingress.%s" (ternary "gateway" "privateGateway" .route.public)) -}}
  {{- end -}}
  {{- if and (hasKey .entry "tls") (ne (toString .entry.tls) "true") -}}
    {{- $_ := set $missing "tls" "tls; the Gateway's listeners have the certificates" -}}
  {{- end -}}
{{- end -}}
{{- if and (hasKey .entry "className") (ne $controller "ingress") -}}
  {{- $_ := set $missing "className" "className" -}}
{{- end -}}
{{- if and .entry.middlewares (ne $controller "traefik") -}}
  {{- $_ := set $missing "middlewares" "middlewares" -}}
{{- end -}}
{{- range $key, $what := $missing -}}
  {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_INGRESS_UNSUPPORTED" "at" (append $call.at $key) "message" (printf "the controller %s cannot do %s" $controller $what)) -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
