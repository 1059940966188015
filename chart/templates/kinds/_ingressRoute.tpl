{{/*
Traefik routes with TLS only (the entry point `web` redirects, cluster-wide), a certificate per host, and for a path the
Middleware that takes it off. Takes the resolved application.
*/}}
{{- define "fairlead.kinds.ingressRoute" -}}
{{- $certificates := dict }}
{{- $targets := .cluster.ingress.dnsTarget | default dict }}
{{- range $route := .ingress }}
{{- $stripper := printf "%s-strip-prefix" $route.name }}
{{- if $route.stripPrefix }}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $route.namespace "name" $stripper) | nindent 2 }}
spec:
  stripPrefix:
    prefixes:
      - {{ $route.path | quote }}
{{- end }}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $route.namespace "name" $route.name) | nindent 2 }}
  {{- with ternary $targets.public $targets.private $route.public }}
  annotations:
    external-dns.alpha.kubernetes.io/hostname: {{ $route.host | quote }}
    external-dns.alpha.kubernetes.io/target: {{ . | quote }}
  {{- end }}
spec:
  entryPoints: [websecure]
  routes:
    - kind: Rule
      match: {{ printf "Host(`%s`)" $route.host }}{{ if ne $route.path "/" }}{{ printf " && PathPrefix(`%s`)" $route.path }}{{ end }}
      {{- $middlewares := list }}
      {{- if not $route.public }}
      {{- $middlewares = append $middlewares (pick $.cluster.ingress.privateMiddleware "name" "namespace") }}
      {{- end }}
      {{- range $route.middlewares }}
      {{- $middlewares = append $middlewares . }}
      {{- end }}
      {{- if $route.stripPrefix }}
      {{- $middlewares = append $middlewares (dict "name" $stripper) }}
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
{{- if not (hasKey $certificates (printf "%s/%s" $route.namespace $route.tlsName)) }}
{{- $_ := set $certificates (printf "%s/%s" $route.namespace $route.tlsName) true }}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "fairlead.metadata" (dict "application" $ "namespace" $route.namespace "name" $route.tlsName) | nindent 2 }}
spec:
  secretName: {{ $route.tlsName | quote }}
  dnsNames:
    - {{ $route.host | quote }}
  issuerRef:
    kind: ClusterIssuer
    name: {{ $.cluster.ingress.issuer | quote }}
{{- end }}
{{- end }}
{{- end -}}
