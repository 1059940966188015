{{/*
Traefik's route with TLS, unless told otherwise (the entry point `web` redirects, cluster-wide), a certificate per host, and the
Middlewares that are its own. Takes {application, component, route, certificates}: the last holds those already printed.
*/}}
{{- define "fairlead.kinds.ingressRoute" -}}
{{- $route := .route }}
{{- $metadata := dict "application" .application "namespace" $route.namespace }}
{{- $own := $route.ownMiddlewares }}
{{- with $route.redirect }}
{{- $own = append $own (dict "name" (printf "%s-redirect" $route.name) "spec" (include "fairlead.redirectRegex" $route | fromYaml)) }}
{{- end }}
{{- if $route.stripPrefix }}
{{- $own = append $own (dict "name" (printf "%s-strip-prefix" $route.name) "spec" (dict "stripPrefix" (dict "prefixes" (list $route.path)))) }}
{{- end }}
{{- range $own }}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" .name) $metadata) | nindent 2 }}
spec:
  {{- toYaml .spec | nindent 2 }}
{{- end }}
---
{{ include "fairlead.patched" (dict "text" (include "fairlead.objects.ingressRoute" .) "patch" (.component.patch | default dict).ingress) }}
{{- $certificate := printf "%s/%s" $route.namespace $route.tlsName }}
{{- if and $route.issuer (not (hasKey .certificates $certificate)) }}
{{- $_ := set .certificates $certificate true }}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $route.tlsName) $metadata) | nindent 2 }}
spec:
  secretName: {{ $route.tlsName | quote }}
  dnsNames:
    - {{ $route.host | quote }}
  issuerRef:
    kind: ClusterIssuer
    name: {{ $route.issuer | quote }}
{{- end }}
{{- end -}}

{{/*
The seed's redirect: Traefik matches the whole address, so the expression is anchored at the host. 301, since a host that moved
does not come back. Takes the route.
*/}}
{{- define "fairlead.redirectRegex" -}}
redirectRegex:
  regex: {{ printf "^https?://%s/(.*)" (include "fairlead.hostRegex" .host) | quote }}
  replacement: {{ ternary (printf "%s/${1}" .redirect.to) .redirect.to .redirect.preservePath | quote }}
  permanent: true
{{- end -}}

{{/* Gives an expression for a host, whose first label may be `*`. Takes the host. */}}
{{- define "fairlead.hostRegex" -}}
{{- . | replace "." `\.` | replace "*" "[^.]+" -}}
{{- end -}}

{{/* Takes {application, route}. */}}
{{- define "fairlead.objects.ingressRoute" -}}
{{- $route := .route -}}
{{- $match := printf "Host(`%s`)" $route.host -}}
{{- if hasPrefix "*" $route.host -}}
  {{- $match = printf "HostRegexp(`^%s$`)" (include "fairlead.hostRegex" $route.host) -}}
{{- end -}}
{{- if ne $route.path "/" -}}
  {{- $match = printf "%s && PathPrefix(`%s`)" $match $route.path -}}
{{- end -}}
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  {{- include "fairlead.metadata" (dict "application" .application "namespace" $route.namespace "name" $route.name) | nindent 2 }}
  {{- with include "fairlead.routeAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  entryPoints: [{{ ternary "websecure" "web" (hasKey $route "tlsName") }}]
  routes:
    - kind: Rule
      match: {{ $match }}
      {{- $middlewares := list }}
      {{- if not $route.public }}
      {{- $middlewares = append $middlewares (pick .application.cluster.ingress.privateMiddleware "name" "namespace") }}
      {{- end }}
      {{- if $route.redirect }}
      {{- $middlewares = append $middlewares (dict "name" (printf "%s-redirect" $route.name)) }}
      {{- end }}
      {{- $middlewares = concat $middlewares $route.middlewares }}
      {{- if $route.stripPrefix }}
      {{- $middlewares = append $middlewares (dict "name" (printf "%s-strip-prefix" $route.name)) }}
      {{- end }}
      {{- with $middlewares }}
      middlewares:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- /* Traefik wants a service on every route, though a redirect never asks it. */}}
      services:
        - name: {{ $route.service | quote }}
          port: {{ $route.port }}
  {{- with $route.tlsName }}
  tls:
    secretName: {{ . | quote }}
  {{- end }}
{{- end -}}

{{/* Annotations of a route: its own, and where external-dns points the host if the cluster says it. Takes {application, route}. */}}
{{- define "fairlead.routeAnnotations" -}}
{{- $targets := .application.cluster.ingress.dnsTarget | default dict -}}
{{- with ternary $targets.public $targets.private .route.public }}
external-dns.alpha.kubernetes.io/hostname: {{ $.route.host | quote }}
external-dns.alpha.kubernetes.io/target: {{ . | quote }}
{{- if and $.route.public $targets.cloudflareProxied }}
external-dns.alpha.kubernetes.io/cloudflare-proxied: "true"
{{- end }}
{{- end }}
{{- with .route.annotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}
