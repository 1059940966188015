{{/*
The resolved application of a render: {application, errors}. Several files print from it, so it is made once and kept
beside the values. Takes the root context, gives JSON.
*/}}
{{- define "fairlead.once" -}}
{{- if not (hasKey .Values "_resolved") -}}
  {{- $_ := set .Values "_resolved" (include "fairlead.resolve" .Values) -}}
{{- end -}}
{{- .Values._resolved -}}
{{- end -}}

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
  "pullSecret" ($values.deploy.pullSecret | default $values.cluster.pullSecret | default "")
  "declared" ""
  "written" list
  "known" dict
  "errors" list
  "notices" list
-}}
{{- $registry := $values.registry | default dict -}}
{{- $_ := set $scope "pullSecretRendered" (and (not $values.deploy.pullSecret) $scope.pullSecret $registry.username $registry.password | empty | not) -}}
{{- include "fairlead.name" $scope -}}
{{- include "fairlead.olderFacts" $scope -}}
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

{{/* Gives the application without an environment as JSON {name, environments, cluster, warnings}. Takes the scope. */}}
{{- define "fairlead.environments" -}}
{{- $scope := . -}}
{{- $environments := dict -}}
{{- range $name, $body := .environments -}}
  {{- $rule := include "fairlead.deployRule" (dict "scope" $scope "name" $name "body" ($body | default dict)) | fromJson -}}
  {{- $_ := set $environments $name (dict "deploy" $rule) -}}
{{- end -}}
{{- $warnings := list -}}
{{- if not $environments -}}
  {{- $warnings = list (dict "code" "APP_ENV_NONE" "path" "environments" "message" "no environment is declared, so nothing can be deployed; write for example environments: {staging: {}, prod: {}}") -}}
{{- end -}}
{{- dict "name" .name "environments" $environments "cluster" .cluster "warnings" $warnings | toJson -}}
{{- end -}}

{{/* Gives the application of the scope's environment as JSON. Takes the scope. */}}
{{- define "fairlead.application" -}}
{{- $scope := . -}}
{{- $body := include "fairlead.chooseEnvironment" . | fromJson -}}
{{- $metadata := dict -}}
{{- include "fairlead.merge" (dict "into" $metadata "from" (.values.metadata | default dict)) -}}
{{- include "fairlead.merge" (dict "into" $metadata "from" ($body.metadata | default dict)) -}}
{{- $names := include "fairlead.names" (dict "scope" $scope "metadata" $metadata) | fromJson -}}
{{- $_ := set $scope "namespace" $names.namespace -}}
{{- $spec := include "fairlead.layers" $scope | fromJson -}}
{{- $shared := pick $spec "verify" "hints" "podSecurity" "rollback" "namespaces" "same" -}}
{{- include "fairlead.prune" $shared -}}
{{- $_ := set $scope "namespaces" ($shared.namespaces | default dict) -}}
{{- $_ := set $scope "secrets" (include "fairlead.secrets" (dict "scope" $scope "secrets" $spec.secrets "environment" $spec.secretsEnv) | fromJson) -}}
{{- $_ := set $scope "config" (include "fairlead.config" (dict "scope" $scope "config" $spec.config) | fromJson) -}}
{{- $components := include "fairlead.components" (dict "scope" $scope "spec" $spec) | fromJson -}}
{{- $ingress := include "fairlead.routes" (dict "scope" $scope "spec" $spec "components" $components) | fromJsonArray -}}

{{- include "fairlead.closeSets" (dict "scope" $scope) -}}
{{- $application := dict
  "name" .name
  "environment" .environment
  "deploy" (include "fairlead.deployRule" (dict "scope" $scope "name" (.declared | default .environment) "body" $body) | fromJson)
  "components" $components
  "ingress" $ingress
  "verify" (include "fairlead.checks" (dict "scope" $scope "verify" $shared.verify "components" $components) | fromJson)
  "manifests" (include "fairlead.manifests" (dict "scope" $scope "names" $names "manifests" $spec.manifests) | fromJson)
  "hints" ($shared.hints | default dict)
  "same" ($shared.same | default dict)
  "secrets" $scope.secrets
  "config" $scope.config
  "pullSecret" .pullSecret
  "pullSecretRendered" .pullSecretRendered
  "cluster" .cluster
-}}
{{- $_ := merge $application $names -}}
{{- include "fairlead.refuseNothing" (dict "scope" $scope "application" $application) -}}
{{- with (.values.meta | default dict).repository -}}
  {{- $_ := set $application "repository" . -}}
{{- end -}}
{{- $addresses := include "fairlead.addresses" $application | fromJsonArray -}}
{{- $_ := set $application "addresses" $addresses -}}
{{- $_ := set $application "url" (first $addresses | default "") -}}
{{- with $shared.rollback -}}
  {{- $_ := set $application "rollback" . -}}
{{- end -}}
{{- $namespaces := include "fairlead.podSecurityLevels" (dict "scope" $scope "declared" $shared.podSecurity "components" $components) | fromJson -}}
{{- $_ := set $application "namespaces" $namespaces -}}
{{- $_ := set $application "podSecurity" (get $namespaces $names.namespace).podSecurity -}}
{{- include "fairlead.same" (dict "scope" $scope "same" $application.same "components" $components) -}}
{{- $_ := set $application "warnings" (include "fairlead.warnings" (dict "scope" $scope "application" $application) | fromJsonArray) -}}
{{- range $route := $ingress -}}
  {{- $_ := unset $route "at" -}}
{{- end -}}
{{- range $component := $components -}}
  {{- $_ := unset $component "routes" -}}
  {{- $_ := unset $component "needs" -}}
{{- end -}}
{{- toJson $application -}}
{{- end -}}

{{/* A release without anything in it would take down what runs: all was taken away by mistake. Takes {scope, application}. */}}
{{- define "fairlead.refuseNothing" -}}
{{- if not (or .application.components .application.manifests) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_NOTHING_RUNS" "at" (list "components") "message" "no component is left, and a deploy would remove what runs; keep one, or take the environment out") -}}
{{- end -}}
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
Gives {release, namespace} as JSON, {environment}-{name} unless said otherwise, checked against Kubernetes' and Helm's limits.
Takes {scope, metadata}.
*/}}
{{- define "fairlead.names" -}}
{{- $scope := .scope -}}
{{- $metadata := .metadata -}}
{{- $names := dict -}}
{{- range $key, $limit := dict "release" (list 53 "Helm") "namespace" (list 63 "Kubernetes") -}}
  {{- $given := get $scope.values.deploy $key | default (get $metadata $key) -}}
  {{- $name := $given | default (printf "%s-%s" $scope.environment $scope.name) -}}
  {{- $_ := set $names $key $name -}}
  {{- if gt (len $name) (first $limit) -}}
    {{- $path := "metadata.name" -}}
    {{- if get $scope.values.deploy $key -}}
      {{- $path = printf "deploy.%s" $key -}}
    {{- else if get ((get $scope.environments $scope.declared | default dict).metadata | default dict) $key -}}
      {{- $path = printf "environments.%s.metadata.%s" $scope.declared $key -}}
    {{- else if $given -}}
      {{- $path = printf "metadata.%s" $key -}}
    {{- end -}}
    {{- include "fairlead.error" (dict "scope" $scope "code" "APP_NAME_TOO_LONG" "path" $path "message" (printf "the %s %s has %d characters, %s takes %d; set metadata.%s" $key $name (len $name) (last $limit) (first $limit) $key)) -}}
  {{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* Gives the addresses of the application as a JSON list: its routes that do not lead elsewhere, then its Services with an HTTP port. Takes the application. */}}
{{- define "fairlead.addresses" -}}
{{- $addresses := list -}}
{{- range .ingress -}}
  {{- if not .redirect -}}
    {{- $addresses = append $addresses .url -}}
  {{- end -}}
{{- end -}}
{{- range $component := .components -}}
  {{- range $port := $component.ports -}}
    {{- if eq $port.name (get $component "httpPort" | default "") -}}
      {{- $suffix := ternary "" (printf ":%v" $port.service) (eq (int $port.service) 80) -}}
      {{- $addresses = append $addresses (printf "http://%s.%s.svc%s" $component.service.name $component.namespace $suffix) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $addresses -}}
{{- end -}}
