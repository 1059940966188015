{{/*
The seed's older words for facts about the cluster, and what its CI said of the repository. Takes the scope; changes its
`cluster`.
*/}}
{{- define "fairlead.olderFacts" -}}
{{- $scope := . -}}
{{- $targets := dict "publicIp" "public" "tailscaleHostname" "private" -}}
{{- range $key, $value := .values.infrastructure -}}
  {{- if $value -}}
    {{- $dns := $scope.cluster.ingress.dnsTarget | default dict -}}
    {{- $_ := set $dns (get $targets $key) $value -}}
    {{- $_ := set $scope.cluster.ingress "dnsTarget" $dns -}}
    {{- include "fairlead.notice" (dict "scope" $scope "path" (printf "infrastructure.%s" $key) "message" (printf "set cluster.ingress.dnsTarget.%s instead" (get $targets $key))) -}}
  {{- end -}}
{{- end -}}
{{- if (.values.meta | default dict).repository -}}
  {{- include "fairlead.notice" (dict "scope" . "path" "meta.repository" "message" "the deploy action says it itself") -}}
{{- end -}}
{{- end -}}

{{/*
Brings the seed's older keys of `spec`, or of an environment, into today's: files of the configuration become a set of
configuration, mounted file by file; dashboards and alerts become objects, of the environment prod only, since Grafana knows
each by a name that all environments share. Takes {scope, layer, path}; works in place.
*/}}
{{- define "fairlead.olderKeys" -}}
{{- $scope := .scope -}}
{{- $layer := .layer -}}
{{- $path := .path -}}
{{- range $key, $instead := dict "configFiles" "files: {/app/…: {content: …}}" "dashboards" "manifests" "alerts" "manifests" "platformServices" "env and networkPolicy" -}}
  {{- if get $layer $key -}}
    {{- include "fairlead.notice" (dict "scope" $scope "path" (printf "%s.%s" $path $key) "message" (printf "write %s instead" $instead)) -}}
  {{- end -}}
{{- end -}}
{{- range $name, $text := $layer.configFiles -}}
  {{- include "fairlead.merge" (dict "into" $layer "from" (dict "config" (dict "config" (dict $name $text)))) -}}
  {{- $file := dict "config" (printf "config/%s" $name) -}}
  {{- include "fairlead.merge" (dict "into" $layer "from" (dict "files" (dict (printf "/app/%s" $name) (ternary nil $file (kindIs "invalid" $text))))) -}}
{{- end -}}
{{- $objects := dict -}}
{{- if eq $scope.environment "prod" -}}
  {{- range $name, $text := $layer.dashboards -}}
    {{- $data := dict (printf "%s-%s.json" $scope.name $name) $text -}}
    {{- $metadata := dict "labels" (dict "grafana_dashboard" "1") "annotations" (dict "grafana_folder" $scope.name) -}}
    {{- $object := dict "apiVersion" "v1" "kind" "ConfigMap" "metadata" $metadata "data" $data -}}
    {{- $_ := set $objects (printf "dashboard-%s" $name) (ternary nil $object (kindIs "invalid" $text)) -}}
  {{- end -}}
  {{- range $name, $text := $layer.alerts -}}
    {{- $object := dict "apiVersion" "v1" "kind" "ConfigMap" "metadata" (dict "labels" (dict "grafana_alert" "1")) "data" (dict (printf "%s.yaml" $name) $text) -}}
    {{- include "fairlead.merge" (dict "into" $objects "from" (dict "alerts" $object)) -}}
  {{- end -}}
{{- end -}}
{{- with $objects -}}
  {{- include "fairlead.merge" (dict "into" $layer "from" (dict "manifests" .)) -}}
{{- end -}}
{{- range list "configFiles" "dashboards" "alerts" -}}
  {{- $_ := unset $layer . -}}
{{- end -}}
{{- end -}}

{{/*
Gives {env, labels, peers} as JSON: what the services of the cluster that a component uses give it. `peers` is whom a network policy
must let it reach. Takes {scope, at, folded}.
*/}}
{{- define "fairlead.platformServices" -}}
{{- $scope := .scope -}}
{{- $at := append .at "platformServices" -}}
{{- $given := dict "env" dict "labels" dict "peers" list -}}
{{- $catalogue := $scope.cluster.platformServices | default dict -}}
{{- range $index, $name := .folded.platformServices -}}
  {{- $service := get $catalogue $name -}}
  {{- if not (hasKey $catalogue $name) -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_PLATFORM_SERVICE" "at" (append $at $index) "message" (printf "the cluster has no service %q; cluster.platformServices: %s" $name (keys $catalogue | sortAlpha | join ", " | default "none"))) -}}
  {{- else -}}
    {{- include "fairlead.merge" (dict "into" $given.env "from" ($service.env | default dict)) -}}
    {{- with $service.label -}}
      {{- $_ := set $given.labels . "true" -}}
    {{- end -}}
    {{- with $service.namespace -}}
      {{- $_ := set $given "peers" (append $given.peers (printf "namespace:%s" .)) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $given -}}
{{- end -}}
