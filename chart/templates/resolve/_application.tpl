{{/*
The one resolver. Takes the chart's values, gives JSON {application, errors}; it reads nothing else and never fails.
With an environment the application is resolved for it; without, its environments and what deploys them are listed.
chart/README.md describes the shape.
*/}}
{{- define "fairlead.resolve" -}}
{{- $values := . | toJson | fromJson -}}
{{- $scope := dict
  "values" $values
  "cluster" $values.cluster
  "environment" $values.environment
  "environments" ($values.environments | default dict)
  "declared" ""
  "overlay" dict
  "errors" list
  "notices" list
-}}
{{- include "fairlead.name" $scope -}}
{{- $application := dict -}}
{{- if $values.environment -}}
  {{- $application = include "fairlead.application" $scope | fromJson -}}
{{- else -}}
  {{- $application = include "fairlead.environments" $scope | fromJson -}}
{{- end -}}
{{- $_ := set $application "notices" $scope.notices -}}
{{- dict "application" $application "errors" $scope.errors | toJson -}}
{{- end -}}

{{/* Sets the scope's `name`, under a stand-in when the manifest has none. */}}
{{- define "fairlead.name" -}}
{{- $name := (.values.metadata | default dict).name -}}
{{- if not $name -}}
  {{- include "fairlead.error" (dict "scope" . "code" "APP_NAME_MISSING" "path" "metadata.name" "message" "the application needs a name") -}}
{{- end -}}
{{- $_ := set . "name" ($name | default "unnamed" | toString) -}}
{{- end -}}

{{/* Gives the application without an environment as JSON {name, environments, cluster}. Takes the scope. */}}
{{- define "fairlead.environments" -}}
{{- $scope := . -}}
{{- $environments := dict -}}
{{- range $name, $body := .environments -}}
  {{- $rule := include "fairlead.deployRule" (dict "scope" $scope "name" $name "body" ($body | default dict)) | fromJson -}}
  {{- $_ := set $environments $name (dict "deploy" $rule) -}}
{{- end -}}
{{- dict "name" .name "environments" $environments "cluster" .cluster | toJson -}}
{{- end -}}

{{/* Gives the application of the scope's environment as JSON. Takes the scope. */}}
{{- define "fairlead.application" -}}
{{- $scope := . -}}
{{- $body := include "fairlead.chooseEnvironment" . | fromJson -}}
{{- $metadata := dict -}}
{{- include "fairlead.merge" (dict "into" $metadata "from" (.values.metadata | default dict)) -}}
{{- include "fairlead.merge" (dict "into" $metadata "from" ($body.metadata | default dict)) -}}
{{- $spec := include "fairlead.layers" $scope | fromJson -}}
{{- $main := omit $spec "verify" "hints" "podSecurity" "rollback" "ingress" -}}
{{- $shared := pick $spec "verify" "hints" "podSecurity" "rollback" "ingress" -}}
{{- include "fairlead.prune" $shared -}}
{{- $component := include "fairlead.component" (dict "scope" $scope "key" "main" "objectName" .name "layer" $main) | fromJson -}}
{{- $ingress := include "fairlead.ingress" (dict "scope" $scope "ingress" $shared.ingress "port" $component.port) | fromJsonArray -}}
{{- range $key, $image := .values.deploy.images -}}
  {{- if ne $key "main" -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_IMAGE_UNOWNED" "path" (printf "deploy.images.%s" $key) "message" "no component has this name; a single application is main") -}}
  {{- end -}}
{{- end -}}

{{- $application := dict
  "name" .name
  "environment" .environment
  "deploy" (include "fairlead.deployRule" (dict "scope" $scope "name" (.declared | default .environment) "body" $body) | fromJson)
  "components" (dict "main" $component)
  "ingress" $ingress
  "verify" ($shared.verify | default dict)
  "hints" ($shared.hints | default dict)
  "cluster" .cluster
-}}
{{- $_ := merge $application (include "fairlead.names" (dict "scope" $scope "metadata" $metadata) | fromJson) -}}
{{- $addresses := list -}}
{{- range $ingress -}}
  {{- $addresses = append $addresses .url -}}
{{- end -}}
{{- if $component.port -}}
  {{- $addresses = append $addresses (printf "http://%s.%s.svc" .name $application.namespace) -}}
{{- end -}}
{{- $_ := set $application "addresses" $addresses -}}
{{- $_ := set $application "url" (first $addresses | default "") -}}
{{- with $shared.rollback -}}
  {{- $_ := set $application "rollback" . -}}
{{- end -}}
{{- $_ := set $application "podSecurity" (include "fairlead.podSecurity" (dict "scope" $scope "declared" $shared.podSecurity "component" $component)) -}}
{{- $_ := set $application "secrets" (include "fairlead.secrets" (dict "scope" $scope "secrets" $spec.secrets "environment" $body.secretsEnv) | fromJson) -}}
{{- $_ := set $application "pullSecret" (.values.deploy.pullSecret | default .cluster.pullSecret | default "") -}}
{{- toJson $application -}}
{{- end -}}

{{/* Gives the body of the chosen environment as JSON and sets the scope's `declared`; an undeclared one is an error. Takes the scope. */}}
{{- define "fairlead.chooseEnvironment" -}}
{{- $key := include "fairlead.keyFor" (dict "map" .environments "name" .environment) -}}
{{- $_ := set . "declared" $key -}}
{{- if not $key -}}
  {{- $names := keys .environments | sortAlpha | join ", " | default "none" -}}
  {{- include "fairlead.error" (dict "scope" . "code" "APP_ENV_UNDECLARED" "message" (printf "environment %q is not declared; declared: %s" .environment $names)) -}}
{{- end -}}
{{- get .environments $key | default dict | toJson -}}
{{- end -}}

{{/*
Gives `spec` under the environment's part of it, normalised, as JSON, tombstones included.
Sets the scope's `overlay` to that part as written, from which errors learn where a value came from. Takes the scope.
*/}}
{{- define "fairlead.layers" -}}
{{- $overlay := omit (get .environments .declared | default dict) "metadata" "deploy" "branch" "tag" "secretsEnv" -}}
{{- $_ := set . "overlay" ($overlay | toJson | fromJson) -}}
{{- $spec := .values.spec | default dict -}}
{{- include "fairlead.normalise" (dict "scope" . "layer" $spec "path" "spec") -}}
{{- include "fairlead.normalise" (dict "scope" . "layer" $overlay "path" (printf "environments.%s" .declared)) -}}
{{- include "fairlead.merge" (dict "into" $spec "from" $overlay) -}}
{{- toJson $spec -}}
{{- end -}}

{{/* Gives {release, namespace} as JSON, {environment}-{name} unless said otherwise, checked against Kubernetes' and Helm's limits. Takes {scope, metadata}. */}}
{{- define "fairlead.names" -}}
{{- $both := printf "%s-%s" .scope.environment .scope.name -}}
{{- $release := .scope.values.deploy.release | default .metadata.release | default $both -}}
{{- $namespace := .scope.values.deploy.namespace | default .metadata.namespace | default $both -}}
{{- if gt (len $release) 53 -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_NAME_TOO_LONG" "path" "metadata.name" "message" (printf "the release %s has %d characters, Helm takes 53; set metadata.release" $release (len $release))) -}}
{{- end -}}
{{- if gt (len $namespace) 63 -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_NAME_TOO_LONG" "path" "metadata.name" "message" (printf "the namespace %s has %d characters, Kubernetes takes 63; set metadata.namespace" $namespace (len $namespace))) -}}
{{- end -}}
{{- dict "release" $release "namespace" $namespace | toJson -}}
{{- end -}}

{{/* Gives the Pod Security level of the namespace. A declared level below what the component needs is an error. Takes {scope, declared, component}. */}}
{{- define "fairlead.podSecurity" -}}
{{- $needed := ternary "baseline" "restricted" (or .component.runAsRoot (hasKey .component "storage")) -}}
{{- $rank := dict "restricted" 0 "baseline" 1 "privileged" 2 -}}
{{- $level := .declared | default $needed -}}
{{- if lt (get $rank $level) (get $rank $needed) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_POD_SECURITY" "at" (list "podSecurity") "message" (printf "storage and runAsRoot need the level %s; %s is declared" $needed $level)) -}}
{{- end -}}
{{- $level -}}
{{- end -}}

{{/*
Gives the application's secret sets as JSON {app: {path, environment, secretName, keys}}; the seed's unnamed set is `app`.
Takes {scope, secrets, environment}, the last from the manifest's own environment.
*/}}
{{- define "fairlead.secrets" -}}
{{- $sets := dict -}}
{{- if .secrets -}}
  {{- $map := .scope.cluster.infisical.environments | default dict -}}
  {{- $key := include "fairlead.keyFor" (dict "map" $map "name" .scope.environment) -}}
  {{- $set := dict
    "environment" (.environment | default (get $map $key) | default .scope.environment)
    "secretName" (printf "%s-secrets" .scope.name)
    "keys" (.secrets.env | default dict)
  -}}
  {{- include "fairlead.prune" $set -}}
  {{- with .secrets.path -}}
    {{- $_ := set $set "path" . -}}
  {{- end -}}
  {{- $_ := set $sets "app" $set -}}
{{- end -}}
{{- toJson $sets -}}
{{- end -}}
