{{/*
Gives {replicas, several, autoscaling?} as JSON. `several` is true when more than one pod may run at a time besides those of
a rollout. Kinds without a number of pods have no `replicas`. Takes {scope, at, kind, folded}.
*/}}
{{- define "fairlead.scale" -}}
{{- $asked := .folded.replicas | default dict -}}
{{- $result := dict "several" (eq .kind "DaemonSet") -}}
{{- if has .kind (list "Deployment" "StatefulSet") -}}
  {{- if and (not (hasKey $asked "count")) $asked (lt (int $asked.max) (int ($asked.min | default 1))) -}}
    {{- include "fairlead.error" (dict "scope" .scope "code" "APP_REPLICAS" "at" (append .at "replicas") "message" "an autoscaler needs max, and not below min") -}}
  {{- end -}}
  {{- $count := ternary $asked.count 1 (hasKey $asked "count") | int -}}
  {{- if $asked.max -}}
    {{- $count = $asked.min | default 1 | int -}}
    {{- $scaler := merge (dict "min" $count "max" (int $asked.max)) (pick $asked "name" "cpu" "memory" "behavior") -}}
    {{- if not (or $asked.cpu $asked.memory) -}}
      {{- $_ := set $scaler "cpu" 80 -}}
    {{- end -}}
    {{- include "fairlead.refuseBlind" (merge (dict "scaler" $scaler) .) -}}
    {{- $_ := set $result "autoscaling" $scaler -}}
  {{- end -}}
  {{- $_ := set $result "replicas" $count -}}
  {{- $_ := set $result "several" (gt (max $count ($asked.max | default 0 | int)) 1) -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/* An autoscaler measures use against the request, which the API server takes from the limit where there is none. Takes {scope, at, scaler, folded}. */}}
{{- define "fairlead.refuseBlind" -}}
{{- $call := . -}}
{{- $asked := .folded.resources | default dict -}}
{{- range $resource := list "cpu" "memory" -}}
  {{- if and (hasKey $call.scaler $resource) (not (get $asked $resource)) (not (get $asked (printf "%sLimit" $resource))) -}}
    {{- include "fairlead.error" (dict "scope" $call.scope "code" "APP_SCALER_BLIND" "at" (concat $call.at (list "resources" $resource)) "message" (printf "the autoscaler measures %s against the request, and there is none; set resources.%s" $resource $resource)) -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
Gives how a new revision replaces the old and how a pod ends, as JSON: {strategy?, podManagementPolicy?,
terminationGracePeriodSeconds, lifecycle?}. `strategy` is in the words of the workload's kind.
A Deployment gains pods before it loses any, unless two must not share its claim or cannot share a port of their node.
Takes {scope, at, kind, ports, folded}.
*/}}
{{- define "fairlead.rollout" -}}
{{- $asked := .folded.updateStrategy | default dict -}}
{{- $result := dict -}}
{{- $strategy := dict -}}
{{- $nodePort := include "fairlead.nodePort" . -}}
{{- if eq .kind "Deployment" -}}
  {{- $claims := .folded.storage -}}
  {{- range .folded.volumes -}}
    {{- $claims = or $claims (and (or .size .existingClaim) (not .readOnly)) -}}
  {{- end -}}
  {{- $alone := or $claims (and $nodePort (not (hasKey $asked "maxUnavailable"))) -}}
  {{- $type := $asked.type | default (ternary "Recreate" "RollingUpdate" (not (empty $alone))) -}}
  {{- $strategy = dict "type" $type -}}
  {{- if eq $type "RollingUpdate" -}}
    {{- $usual := ternary (dict "maxSurge" "25%" "maxUnavailable" 0) (dict "maxSurge" 0 "maxUnavailable" 1) (empty $nodePort) -}}
    {{- $_ := set $strategy "rollingUpdate" (mergeOverwrite $usual (omit $asked "type")) -}}
  {{- end -}}
{{- else if eq .kind "StatefulSet" -}}
  {{- $strategy = dict "type" ($asked.type | default "RollingUpdate") -}}
  {{- if eq $strategy.type "RollingUpdate" -}}
    {{- /* The server's default, written down to go with its type: one that nobody wrote stays, and OnDelete is refused beside it. */ -}}
    {{- $_ := set $strategy "rollingUpdate" (mergeOverwrite (dict "partition" 0) (omit $asked "type")) -}}
  {{- end -}}
{{- else if eq .kind "DaemonSet" -}}
  {{- with $asked -}}
    {{- $strategy = dict "type" (.type | default "RollingUpdate") -}}
    {{- with omit . "type" -}}
      {{- /* The server's default of maxUnavailable is 1, and beside a surge it must be 0. */ -}}
      {{- $_ := set $strategy "rollingUpdate" (ternary (merge (dict) . (dict "maxUnavailable" 0)) . (hasKey . "maxSurge")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and (has .kind (list "Deployment" "DaemonSet")) (ne ($asked.type | default "") "Recreate") -}}
  {{- include "fairlead.refuseSurge" (merge (dict "nodePort" $nodePort) .) -}}
{{- end -}}
{{- include "fairlead.refuseStuck" (dict "scope" .scope "at" .at "kind" .kind "strategy" $strategy) -}}
{{- with $strategy -}}
  {{- $_ := set $result "strategy" . -}}
{{- end -}}
{{- if eq .kind "StatefulSet" -}}
  {{- $_ := merge $result (pick .folded "podManagementPolicy") -}}
{{- end -}}
{{- $grace := include "fairlead.seconds" (dict "scope" .scope "at" (append .at "terminationGracePeriod") "value" (ternary .folded.terminationGracePeriod 30 (hasKey .folded "terminationGracePeriod"))) | trim | int -}}
{{- $_ := set $result "terminationGracePeriodSeconds" $grace -}}
{{- with .folded.preStop -}}
  {{- if kindIs "slice" . -}}
    {{- $_ := set $result "lifecycle" (dict "preStop" (dict "exec" (dict "command" .))) -}}
  {{- else -}}
    {{- $seconds := include "fairlead.seconds" (dict "scope" $.scope "at" (append $.at "preStop") "value" .) | trim | int -}}
    {{- if $seconds -}}
      {{- include "fairlead.refuseLateEnd" (dict "scope" $.scope "at" $.at "grace" $grace "preStop" $seconds) -}}
      {{- $_ := set $result "lifecycle" (dict "preStop" (dict "sleep" (dict "seconds" $seconds))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/* A pod cannot start beside the one that it replaces when both want the same port of the node. Takes {scope, at, nodePort, folded}. */}}
{{- define "fairlead.refuseSurge" -}}
{{- $surge := (.folded.updateStrategy | default dict).maxSurge | toString -}}
{{- if and .nodePort (not (has $surge (list "<nil>" "0" "0%"))) -}}
  {{- include "fairlead.error" (dict "scope" .scope "code" "APP_SURGE_PORT" "at" (concat .at (list "updateStrategy" "maxSurge")) "message" (printf "a new pod cannot start while the old one holds port %s of the node; leave maxSurge out" .nodePort)) -}}
{{- end -}}
{{- end -}}

{{/*
Gives the first port that a pod takes of its node, or nothing: on the node's network each port of its containers is one.
Takes {scope, at, ports, folded}.
*/}}
{{- define "fairlead.nodePort" -}}
{{- $call := . -}}
{{- $ports := .ports -}}
{{- range $name, $sidecar := .folded.sidecars -}}
  {{- $at := concat $call.at (list "sidecars" $name) -}}
  {{- $ports = concat $ports (include "fairlead.ports" (dict "scope" $call.scope "at" $at "folded" $sidecar) | fromJsonArray) -}}
{{- end -}}
{{- $onNode := eq ((.folded.hostAccess | default dict).network | toString) "true" -}}
{{- range $ports -}}
  {{- $port := .hostPort | default (ternary .port "" $onNode) -}}
  {{- if $port -}}
    {{- $port -}}
    {{- break -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{/*
Gives {pdb?, spread?} as JSON for a component with several counted pods: what a drained node may take, and over what the
pods spread. `pdb: null` and `spread: null` in the manifest mean none. Takes {scope, at, kind, several, replicas, selector, folded}.
*/}}
{{- define "fairlead.availability" -}}
{{- $result := dict -}}
{{- if and .several (hasKey . "replicas") -}}
  {{- with .folded.pdb -}}
    {{- $budget := pick . "minAvailable" -}}
    {{- if not $budget -}}
      {{- $budget = dict "maxUnavailable" (.maxUnavailable | default 1) -}}
    {{- end -}}
    {{- $fewest := int $.replicas -}}
    {{- $stay := get $budget "minAvailable" | toString -}}
    {{- /* Of a percentage, Kubernetes rounds up. */ -}}
    {{- $staying := ternary (div (add 99 (mul $fewest (int (trimSuffix "%" $stay)))) 100) (int $stay) (hasSuffix "%" $stay) -}}
    {{- if or (and (hasKey $budget "minAvailable") (ge (int $staying) $fewest)) (has (get $budget "maxUnavailable" | toString) (list "0" "0%")) -}}
      {{- include "fairlead.error" (dict "scope" $.scope "code" "APP_PDB_BLOCKS" "at" (append $.at "pdb") "message" (printf "with %d pods none may leave, so a drain of their node would wait for ever; set maxUnavailable: 1" $fewest)) -}}
    {{- end -}}
    {{- $_ := set $result "pdb" $budget -}}
  {{- end -}}
  {{- with .folded.spread -}}
    {{- $keys := dict "hostname" "kubernetes.io/hostname" "zone" "topology.kubernetes.io/zone" -}}
    {{- $modes := dict "preferred" "ScheduleAnyway" "required" "DoNotSchedule" -}}
    {{- $spread := dict "maxSkew" 1 "topologyKey" (get $keys (.across | default "hostname")) "whenUnsatisfiable" (get $modes (.mode | default "preferred")) "labelSelector" (dict "matchLabels" $.selector) -}}
    {{- if eq $.kind "Deployment" -}}
      {{- $_ := set $spread "matchLabelKeys" (list "pod-template-hash") -}}
    {{- end -}}
    {{- $_ := set $result "spread" (list $spread) -}}
  {{- end -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}

{{/* Gives {when?, schedule?, after?, job?} as JSON; `job` is in the words of a Kubernetes Job. Takes {scope, at, kind, folded}. */}}
{{- define "fairlead.job" -}}
{{- $result := pick .folded "after" -}}
{{- if has .kind (list "Job" "CronJob") -}}
  {{- $job := dict "backoffLimit" (ternary .folded.retries 6 (hasKey .folded "retries") | int) -}}
  {{- if hasKey .folded "deadline" -}}
    {{- $at := append .at "deadline" -}}
    {{- $seconds := include "fairlead.seconds" (dict "scope" .scope "at" $at "value" .folded.deadline) | trim | int -}}
    {{- if not $seconds -}}
      {{- include "fairlead.error" (dict "scope" .scope "code" "APP_TIME_INVALID" "at" $at "message" "a deadline of 0 would end the Job before it begins; null is none") -}}
    {{- end -}}
    {{- $_ := set $job "activeDeadlineSeconds" $seconds -}}
  {{- end -}}
  {{- $_ := set $result "job" $job -}}
{{- end -}}
{{- if eq .kind "Job" -}}
  {{- $_ := set $result "when" (.folded.when | default "on-change") -}}
{{- else if eq .kind "CronJob" -}}
  {{- $_ := set $result "schedule" (.folded.schedule | default "") -}}
  {{- if not .folded.schedule -}}
    {{- include "fairlead.error" (dict "scope" .scope "code" "APP_JOB_NO_SCHEDULE" "at" (append .at "schedule") "message" "a CronJob needs its schedule, for example \"0 3 * * *\"") -}}
  {{- else -}}
    {{- include "fairlead.checkSchedule" (dict "scope" .scope "at" (append .at "schedule") "schedule" .folded.schedule) -}}
  {{- end -}}
{{- end -}}
{{- toJson $result -}}
{{- end -}}
