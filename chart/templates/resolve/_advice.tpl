{{/*
Gives warnings as a JSON list of {code, path, message}: what Kubernetes takes, and what is most likely a mistake all the same.
Takes {scope, application}.
*/}}
{{- define "fairlead.warnings" -}}
{{- $call := dict "scope" .scope "warnings" list -}}
{{- range $set, $config := .application.config -}}
  {{- range $key, $text := $config.data -}}
    {{- include "fairlead.warnOfCredential" (dict "call" $call "at" (list "config" $set $key) "text" $text) -}}
  {{- end -}}
{{- end -}}
{{- $routed := dict -}}
{{- range .application.ingress -}}
  {{- $_ := set $routed .component true -}}
{{- end -}}
{{- range $key, $component := .application.components -}}
  {{- $at := ternary list (list "components" $key) $call.scope.single -}}
  {{- include "fairlead.warnOfIdle" (dict "call" $call "at" $at "component" $component "layer" (get $call.scope.layers $key) "routed" (hasKey $routed $key)) -}}
  {{- range $component.env -}}
    {{- include "fairlead.warnOfCredential" (dict "call" $call "at" (concat $at (list "env" .name)) "text" (get . "value" | default "")) -}}
  {{- end -}}
  {{- range $label, $_ := $component.nodeSelector -}}
    {{- if hasPrefix "node-role.kubernetes.io/" $label -}}
      {{- include "fairlead.warning" (dict "call" $call "code" "APP_NODE_ROLE" "at" (concat $at (list "nodeSelector" $label)) "message" "a kubelet may not give its node this label, so a new node has none; select by node.kubernetes.io/role") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $zones := .application.cluster.ingress.zones -}}
{{- range .application.ingress -}}
  {{- $host := .host | default "" | toString -}}
  {{- $covered := empty $zones -}}
  {{- range $zones -}}
    {{- $covered = or $covered (eq $host .) (hasSuffix (printf ".%s" .) $host) -}}
  {{- end -}}
  {{- if not $covered -}}
    {{- include "fairlead.warning" (dict "call" $call "code" "APP_HOST_ZONE" "at" (append .at "host") "message" (printf "%s is in none of the zones that the cluster has certificates and records for; zones: %s" $host (join ", " $zones))) -}}
  {{- end -}}
{{- end -}}
{{- toJson $call.warnings -}}
{{- end -}}

{{/*
Warns of an address that holds a password or a key, and of a token or a key that can be told by its form: whoever may read a
ConfigMap or a pod reads it. A part that is put in from another variable is no credential. Takes {call, at, text}.
*/}}
{{- define "fairlead.warnOfCredential" -}}
{{- $userinfo := `://[^\s/:@]*:[^\s/:@$]+@` -}}
{{- $query := `(?i)[?&](api[_-]?key|access[_-]?token|key|token|secret|password)=[^\s&$]+` -}}
{{- $path := `/v[0-9]+/[A-Za-z0-9_-]{20,}(\s|/|"|$)` -}}
{{- if and (contains "://" .text) (regexMatch (printf "%s|%s|%s" $userinfo $query $path) .text) -}}
  {{- include "fairlead.warning" (dict "call" .call "code" "APP_SECRET_PLAIN" "at" .at "message" "an address with a password or a key in it can be read by everyone who sees the pod; keep it in a secret") -}}
{{- end -}}
{{- $forges := `gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abeprs]-[\w-]{10,}` -}}
{{- $services := `AKIA[0-9A-Z]{16}|AIza[\w-]{35}|[sr]k_(live|test)_\w{10,}|whsec_\w{16,}|npm_[A-Za-z0-9]{36}|tskey-[\w-]{20,}|sk-[\w-]{20,}` -}}
{{- if regexMatch (printf `\b(%s|%s)|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----` $forges $services) .text -}}
  {{- include "fairlead.warning" (dict "call" .call "code" "APP_SECRET_PLAIN" "at" .at "message" "this looks like a token or a private key, and everyone who sees the pod can read it; keep it in a secret") -}}
{{- end -}}
{{- end -}}

{{/* Notes a warning. Takes {call, code, at, message}; changes the call's `warnings`. */}}
{{- define "fairlead.warning" -}}
{{- $path := include "fairlead.place" (dict "scope" .call.scope "at" .at) -}}
{{- $warning := dict "code" .code "path" $path "message" .message -}}
{{- $_ := set .call "warnings" (append (without .call.warnings $warning) $warning) -}}
{{- end -}}
