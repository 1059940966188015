{{/*
Who may reach a component, and whom it may reach. A side that the manifest does not name stays open. Names can always be
looked up, and the namespaces of `cluster.networkPolicy.egress` reached. Takes {application, component}.
*/}}
{{- define "fairlead.kinds.networkPolicy" -}}
{{- with .component.networkPolicy }}
{{- $facts := $.application.cluster.networkPolicy }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "fairlead.metadata" (merge (dict "name" $.component.name) $) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "fairlead.selector" $ | nindent 6 }}
  policyTypes:
    {{- if hasKey . "from" }}
    - Ingress
    {{- end }}
    {{- if hasKey . "to" }}
    - Egress
    {{- end }}
  {{- if hasKey . "from" }}
  ingress:
    {{- range .from }}
    - from:
        {{- include "fairlead.peer" (dict "application" $.application "peer" .) | nindent 8 }}
    {{- end }}
  {{- end }}
  {{- if hasKey . "to" }}
  egress:
    - ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }
    {{- range $facts.egress }}
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: {{ . | quote }}
    {{- end }}
    {{- range .to }}
    - to:
        {{- include "fairlead.peer" (dict "application" $.application "peer" .) | nindent 8 }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/*
One side of a connection, as a list of peers: `ingress`, `internet`, an address range, `namespace:name`, or a component. The
internet is what IANA's registries of special addresses do not give to a site, a link or its carrier: what a cloud tells its
machines of themselves, keys too, is at such an address. Takes {application, peer}.
*/}}
{{- define "fairlead.peer" -}}
{{- if eq .peer "internet" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, 169.254.0.0/16]
- ipBlock:
    cidr: "::/0"
    except: ["fc00::/7", "fe80::/10"]
{{- else if contains "/" .peer -}}
- ipBlock:
    cidr: {{ .peer | quote }}
{{- else if or (eq .peer "ingress") (hasPrefix "namespace:" .peer) -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ ternary .application.cluster.networkPolicy.ingress (trimPrefix "namespace:" .peer) (eq .peer "ingress") | quote }}
{{- else -}}
{{- $component := get .application.components .peer -}}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ $component.namespace | quote }}
  podSelector:
    matchLabels:
      {{- include "fairlead.selector" (dict "application" .application "component" $component) | nindent 6 }}
{{- end -}}
{{- end -}}
