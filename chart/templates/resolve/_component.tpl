{{/*
Gives one component, resolved, as JSON: what the templates of chart/templates/kinds print and what the actions read.
Takes {scope, key, at, shared, parent, layer, image?}: the layers from lowest to highest, tombstones included, where the
component stands, and the image given without saying for which component.
*/}}
{{- define "fairlead.component" -}}
{{- $scope := .scope -}}
{{- $kind := coalesce .layer.kind .parent.kind .shared.kind "Deployment" -}}
{{- $folded := include "fairlead.defaults" (dict "kind" $kind "single" $scope.single "ports" (or .shared.ports .parent.ports .layer.ports)) | fromYaml -}}
{{- range list .shared .parent .layer -}}
  {{- include "fairlead.merge" (dict "into" $folded "from" . "level" "keys") -}}
{{- end -}}
{{- $services := include "fairlead.platformServices" (dict "scope" $scope "at" .at "folded" $folded) | fromJson -}}
{{- $_ := set $folded "env" (include "fairlead.givenEnv" (dict "scope" $scope "folded" $folded "services" $services.env) | fromJson) -}}
{{- $patch := $folded.patch | default dict | toJson | fromJson -}}
{{- range concat (list $folded) (values ($folded.initContainers | default dict)) (values ($folded.sidecars | default dict)) -}}
  {{- include "fairlead.keepUnlimited" ((. | default dict).resources | default dict) -}}
{{- end -}}
{{- include "fairlead.prune" $folded -}}
{{- if and $services.peers (hasKey ($folded.networkPolicy | default dict) "to") -}}
  {{- $_ := set $folded.networkPolicy "to" (concat $folded.networkPolicy.to $services.peers | uniq) -}}
{{- end -}}
{{- $call := dict "scope" $scope "key" .key "at" .at "kind" $kind "folded" $folded "sharedImage" .image -}}
{{- $_ := set $call "hasBuild" (not (empty (coalesce .layer.build .parent.build .shared.build))) -}}
{{- $_ := merge $call (include "fairlead.identity" $call | fromJson) -}}
{{- $ports := include "fairlead.ports" $call | fromJsonArray -}}
{{- $_ := set $call "ports" $ports -}}
{{- $_ := set $call "httpPort" (include "fairlead.httpPort" $ports) -}}
{{- $_ := merge $call (include "fairlead.scale" $call | fromJson) -}}

{{- $component := pick $call "kind" "name" "namespace" "selector" "labels" "containerName" "ports" "httpPort" "replicas" "several" "autoscaling" -}}
{{- $_ := set $component "runAsRoot" ($folded.runAsRoot | default false) -}}
{{- range $port := $ports -}}
  {{- if eq $port.name $call.httpPort -}}
    {{- $_ := set $component "port" $port.port -}}
  {{- end -}}
{{- end -}}
{{- $_ := merge $component (pick $folded "command" "args" "annotations" "networkPolicy") -}}
{{- with $services.labels -}}
  {{- $_ := set $component "podLabels" . -}}
{{- end -}}
{{- $_ := set $component "resources" (include "fairlead.resources" $call | fromJson) -}}
{{- with include "fairlead.storage" $call -}}
  {{- $_ := set $call "storage" (fromJson .) -}}
  {{- $_ := set $component "storage" $call.storage -}}
{{- end -}}
{{- $_ := set $call "used" dict -}}
{{- $_ := set $call "reload" dict -}}
{{- range list "image" "health" "service" "rollout" "availability" "job" "mounts" "security" "account" "metrics" -}}
  {{- $_ := merge $component (include (printf "fairlead.%s" .) $call | fromJson) -}}
{{- end -}}
{{- include "fairlead.refusePlacement" $call -}}
{{- $_ := merge $component (pick $folded "nodeSelector" "tolerations" "affinity" "priorityClass") -}}
{{- $_ := set $component "hostAccess" (include "fairlead.hostAccess" $folded.hostAccess | fromJson) -}}
{{- $own := ternary (($scope.secrets.app | default dict).keys | default dict) dict $scope.single -}}
{{- $_ := set $component "env" (include "fairlead.env" (dict "call" $call "at" (append .at "env") "env" $folded.env "secrets" ($own | toJson | fromJson)) | fromJsonArray) -}}
{{- with $folded.envFrom -}}
  {{- $_ := set $component "envFrom" (include "fairlead.envFrom" (dict "call" $call "at" (append $.at "envFrom") "from" .) | fromJsonArray) -}}
{{- end -}}
{{- $_ := set $component "initContainers" (include "fairlead.initContainers" (dict "call" $call "main" $component) | fromJsonArray) -}}
{{- $_ := set $component "pulls" (include "fairlead.pulls" (dict "scope" $scope "component" $component) | eq "true") -}}
{{- if and $component.pulls $scope.pullSecretRendered (eq ($component.when | default "") "pre-deploy") -}}
  {{- $_ := set $component "pullSecret" (printf "%s-pre" $scope.pullSecret) -}}
{{- end -}}
{{- with $patch -}}
  {{- include "fairlead.checkPatch" (dict "scope" $scope "at" (append $.at "patch") "patch" .) -}}
  {{- $_ := set $component "patch" . -}}
{{- end -}}
{{- with $call.reload -}}
  {{- $_ := set $component "reload" . -}}
{{- end -}}
{{- with $call.used -}}
  {{- $_ := set $component "checksum" (toJson . | sha256sum) -}}
{{- end -}}
{{- $_ := set $component "needs" (include "fairlead.podSecurityNeed" $component | fromJson) -}}
{{- $_ := set $component "routes" (ternary $folded.ingress list (hasKey $folded "ingress")) -}}
{{- toJson $component -}}
{{- end -}}

{{/*
Gives {name, namespace, containerName, selector, labels} as JSON. The seed's selector is {app, environment}; it can never
change, since selectors are immutable, so only one of several components adds itself to it. Takes {scope, key, at, kind, folded}.
*/}}
{{- define "fairlead.identity" -}}
{{- $scope := .scope -}}
{{- $name := $scope.name -}}
{{- $labels := .folded.labels | default dict -}}
{{- $selector := dict "app" ($labels.app | default $scope.name) "environment" $scope.environment -}}
{{- if not $scope.single -}}
  {{- $name = .folded.name | default (printf "%s-%s" $scope.name .key) -}}
  {{- $_ := set $selector "app.kubernetes.io/component" .key -}}
{{- end -}}
{{- $longest := ternary 52 63 (has .kind (list "Job" "CronJob")) -}}
{{- if gt (len $name) $longest -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_NAME_TOO_LONG" "at" (append .at "name") "message" (printf "%s has %d characters, a %s takes %d; set name" $name (len $name) .kind $longest)) -}}
{{- end -}}
{{- $namespace := .folded.namespace | default $scope.namespace -}}
{{- if and (ne $namespace $scope.namespace) (not (hasKey $scope.namespaces $namespace)) -}}
  {{- include "fairlead.error" (dict "scope" $scope "code" "APP_NAMESPACE_UNDECLARED" "at" (append .at "namespace") "message" (printf "namespace %q is not declared; declared in spec.namespaces: %s" $namespace (keys $scope.namespaces | sortAlpha | join ", " | default "none"))) -}}
{{- end -}}
{{- dict "name" $name "namespace" $namespace "containerName" (.folded.containerName | default (ternary $name .key $scope.single)) "selector" $selector "labels" (omit $labels "app") | toJson -}}
{{- end -}}

{{/*
Says `true` when a component's pods need the pull secret: a single application always, as the seed's; of several those with an
image of the cluster's registry, and all when CI made the secret. Takes {scope, component}.
*/}}
{{- define "fairlead.pulls" -}}
{{- $scope := .scope -}}
{{- $pulls := or $scope.single (not (empty $scope.values.deploy.pullSecret)) -}}
{{- range concat (list .component) .component.initContainers -}}
  {{- $pulls = or $pulls (hasPrefix (printf "%s/" $scope.cluster.registry) .image) -}}
{{- end -}}
{{- $pulls -}}
{{- end -}}

{{/* Gives what of the node the pods share, as JSON with only what is true. Takes the written map. */}}
{{- define "fairlead.hostAccess" -}}
{{- $access := dict -}}
{{- range $key, $value := . -}}
  {{- if $value -}}
    {{- $_ := set $access $key true -}}
  {{- end -}}
{{- end -}}
{{- toJson $access -}}
{{- end -}}

{{/* Gives the component's variables under those that every application gets, as JSON. Takes {scope, folded, services}. */}}
{{- define "fairlead.givenEnv" -}}
{{- $env := dict -}}
{{- $http := (.folded.ports | default dict).http -}}
{{- if kindIs "map" $http -}}
  {{- $http = $http.port -}}
{{- end -}}
{{- with $http -}}
  {{- $_ := set $env "PORT" . -}}
{{- end -}}
{{- with (.scope.cluster.telemetry | default dict).endpoint -}}
  {{- $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" . -}}
{{- end -}}
{{- include "fairlead.merge" (dict "into" $env "from" .services) -}}
{{- include "fairlead.merge" (dict "into" $env "from" (.folded.env | default dict) "level" "entries") -}}
{{- toJson $env -}}
{{- end -}}

{{/*
Gives {image, imagePullPolicy} and, for a component whose image is made from the repository, {build}, as JSON.
CI's image wins over the manifest's, which wins over {registry}/{name}:latest. Takes {scope, at, folded, hasBuild, sharedImage}.
*/}}
{{- define "fairlead.image" -}}
{{- $own := .folded.image | default dict -}}
{{- $default := printf "%s/%s" .scope.cluster.registry .scope.name -}}
{{- $given := .folded.ciImage -}}
{{- if and .sharedImage (not $given) (or .hasBuild (not $own.repository)) -}}
  {{- $own = .sharedImage -}}
{{- end -}}
{{- $image := $own.repository | default $default -}}
{{- $tag := include "fairlead.text" ($own.tag | default (ternary "" "latest" (or (hasKey $own "repository") (hasKey $own "digest")))) -}}
{{- with $tag -}}
  {{- $image = printf "%s:%s" $image . -}}
{{- end -}}
{{- with $own.digest -}}
  {{- $image = printf "%s@%s" $image . -}}
{{- end -}}
{{- $image = $given | default $image -}}
{{- $result := dict "image" $image "imagePullPolicy" (.folded.imagePullPolicy | default (include "fairlead.pullPolicy" $image)) -}}
{{- if and .folded.build (or .hasBuild (not $own.repository)) -}}
  {{- $build := pick .folded.build "context" "file" "target" "platforms" -}}
  {{- $args := include "fairlead.texts" (dict "scope" .scope "path" "cluster.build.args" "map" ((.scope.cluster.build | default dict).args | default dict)) | fromJson -}}
  {{- $written := include "fairlead.texts" (dict "scope" .scope "at" (concat .at (list "build" "args")) "map" (.folded.build.args | default dict)) | fromJson -}}
  {{- $_ := set $build "args" (mergeOverwrite $args $written) -}}
  {{- $_ := set $build "secrets" (.folded.build.secrets | default dict) -}}
  {{- $_ := set $build "repository" ($own.repository | default $default) -}}
  {{- $_ := set $result "build" $build -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/* Gives the pull policy: what a name stands for may change, unless it is a digest or an immutable tag. Takes the reference. */}}
{{- define "fairlead.pullPolicy" -}}
{{- $mutable := or (not (regexMatch `(@|:[^/]+$)` .)) (regexMatch `:(latest|main)$` .) -}}
{{- ternary "Always" "IfNotPresent" $mutable -}}
{{- end -}}

{{/* A memory limit of null is none, not the default: says so in place of the null, which is pruned. Takes `resources`; works in place. */}}
{{- define "fairlead.keepUnlimited" -}}
{{- if and (hasKey . "memoryLimit") (kindIs "invalid" .memoryLimit) -}}
  {{- $_ := set . "unlimited" true -}}
{{- end -}}
{{- end -}}

{{/* Gives the container's resources as JSON. The memory limit is twice the request unless set, or null for none; there is no CPU limit unless set. Takes {scope, at, folded}. */}}
{{- define "fairlead.resources" -}}
{{- $scope := .scope -}}
{{- $asked := .folded.resources | default dict -}}
{{- $texts := dict -}}
{{- range $key, $value := omit $asked "unlimited" -}}
  {{- /* The seed wrote an empty memoryLimit for none. */ -}}
  {{- if eq (toString $value) "" -}}
    {{- continue -}}
  {{- end -}}
  {{- $_ := set $texts $key (include "fairlead.quantity" (dict "scope" $scope "at" (concat $.at (list "resources" $key)) "value" $value)) -}}
{{- end -}}
{{- if and $texts.memory (not $texts.memoryLimit) (not $asked.unlimited) -}}
  {{- $_ := set $texts "memoryLimit" (include "fairlead.double" $texts.memory) -}}
{{- end -}}
{{- include "fairlead.refuseLowLimit" (dict "scope" $scope "at" .at "texts" $texts) -}}
{{- $requests := dict -}}
{{- $limits := dict -}}
{{- range $resource := list "cpu" "memory" -}}
  {{- with get $texts $resource -}}
    {{- $_ := set $requests $resource . -}}
  {{- end -}}
  {{- with get $texts (printf "%sLimit" $resource) -}}
    {{- $_ := set $limits $resource . -}}
  {{- end -}}
{{- end -}}
{{- dict "requests" $requests "limits" $limits | toJson -}}
{{- end -}}
