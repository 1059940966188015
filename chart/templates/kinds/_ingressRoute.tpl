{{/*
Traefik's route with TLS only (the entry point `web` redirects, cluster-wide), a certificate per host, and for a path the
Middleware that takes it off. Takes {application, component, route, certificates}: the last holds those already printed.
*/}}
{{- define "fairlead.kinds.ingressRoute" -}}
{{- $route := .route }}
{{- $metadata := dict "application" .application "namespace" $route.namespace }}
{{- if $route.stripPrefix }}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" (printf "%s-strip-prefix" $route.name)) $metadata) | nindent 2 }}
spec:
  stripPrefix:
    prefixes:
      - {{ $route.path | quote }}
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

{{/* Takes {application, route}. */}}
{{- define "fairlead.objects.ingressRoute" -}}
{{- $route := .route -}}
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  {{- include "fairlead.metadata" (dict "application" .application "namespace" $route.namespace "name" $route.name) | nindent 2 }}
  {{- with include "fairlead.routeAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  entryPoints: [websecure]
  routes:
    - kind: Rule
      match: {{ printf "Host(`%s`)" $route.host }}{{ if ne $route.path "/" }}{{ printf " && PathPrefix(`%s`)" $route.path }}{{ end }}
      {{- $middlewares := list }}
      {{- if not $route.public }}
      {{- $middlewares = append $middlewares (pick .application.cluster.ingress.privateMiddleware "name" "namespace") }}
      {{- end }}
      {{- range $route.middlewares }}
      {{- $middlewares = append $middlewares . }}
      {{- end }}
      {{- if $route.stripPrefix }}
      {{- $middlewares = append $middlewares (dict "name" (printf "%s-strip-prefix" $route.name)) }}
      {{- end }}
      {{- with $middlewares }}
      middlewares:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      services:
        - name: {{ $route.service | quote }}
          port: {{ $route.port }}
  tls:
    secretName: {{ $route.tlsName | quote }}
{{- end -}}

{{/* Annotations of a route: its own, and where external-dns points the host if the cluster says it. Takes {application, route}. */}}
{{- define "fairlead.routeAnnotations" -}}
{{- $targets := .application.cluster.ingress.dnsTarget | default dict -}}
{{- with ternary $targets.public $targets.private .route.public }}
external-dns.alpha.kubernetes.io/hostname: {{ $.route.host | quote }}
external-dns.alpha.kubernetes.io/target: {{ . | quote }}
{{- end }}
{{- with .route.annotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}
