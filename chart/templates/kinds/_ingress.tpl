{{/* The routes of an application, each in its controller's form. Takes the resolved application. */}}
{{- define "fairlead.kinds.routes" -}}
{{- $certificates := dict }}
{{- range $route := .ingress }}
{{- $part := dict "application" $ "component" (get $.components $route.component) "route" $route "certificates" $certificates }}
{{- if eq $route.controller "traefik" }}
{{- include "fairlead.kinds.ingressRoute" $part }}
{{- else }}
---
{{ include "fairlead.patched" (dict "text" (include (printf "fairlead.objects.%s" $route.controller) $part) "patch" ($part.component.patch | default dict).ingress) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A route as Kubernetes' Ingress; cert-manager makes its certificate from the annotation. Takes {application, route}. */}}
{{- define "fairlead.objects.ingress" -}}
{{- $route := .route -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  {{- include "fairlead.metadata" (dict "application" .application "namespace" $route.namespace "name" $route.name) | nindent 2 }}
  {{- $issuer := ternary (printf "cert-manager.io/cluster-issuer: %q" $route.issuer) "" (and (not (empty $route.issuer)) (not (hasKey ($route.annotations | default dict) "cert-manager.io/cluster-issuer"))) }}
  {{- with printf "%s%s" $issuer (include "fairlead.routeAnnotations" .) | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  {{- with $route.className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  rules:
    - host: {{ $route.host | quote }}
      http:
        paths:
          - path: {{ $route.path | quote }}
            pathType: Prefix
            backend:
              service:
                name: {{ $route.service | quote }}
                port:
                  number: {{ $route.port }}
  {{- with $route.tlsName }}
  tls:
    - hosts: [{{ $route.host | quote }}]
      secretName: {{ . | quote }}
  {{- end }}
{{- end -}}

{{/* A route of the Gateway API; the Gateway has the certificate. Takes {application, route}. */}}
{{- define "fairlead.objects.gateway" -}}
{{- $route := .route -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  {{- include "fairlead.metadata" (dict "application" .application "namespace" $route.namespace "name" $route.name) | nindent 2 }}
  {{- with include "fairlead.routeAnnotations" . | trim }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  parentRefs:
    - {{- toYaml $route.gateway | nindent 6 }}
  hostnames: [{{ $route.host | quote }}]
  rules:
    - matches:
        - path:
            type: PathPrefix
            value: {{ $route.path | quote }}
      {{- if $route.redirect }}
      filters:
        - type: RequestRedirect
          requestRedirect:
            {{- include "fairlead.redirectFilter" $route.redirect | nindent 12 }}
      {{- else }}
      {{- if $route.stripPrefix }}
      filters:
        - type: URLRewrite
          urlRewrite:
            path:
              type: ReplacePrefixMatch
              replacePrefixMatch: /
      {{- end }}
      backendRefs:
        - name: {{ $route.service | quote }}
          port: {{ $route.port }}
      {{- end }}
{{- end -}}

{{/* A redirect in the words of the Gateway API. Takes what "fairlead.redirect" gives. */}}
{{- define "fairlead.redirectFilter" -}}
scheme: https
hostname: {{ .host | quote }}
{{- with .port }}
port: {{ . }}
{{- end }}
statusCode: 301
{{- if not .preservePath }}
path:
  type: ReplaceFullPath
  replaceFullPath: {{ .path | default "/" | quote }}
{{- else if .path }}
path:
  type: ReplacePrefixMatch
  replacePrefixMatch: {{ .path | quote }}
{{- end }}
{{- end -}}
