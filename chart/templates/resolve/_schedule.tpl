{{/*
Notes what is wrong with a CronJob's schedule: five fields, or a word such as @daily. As github.com/robfig/cron v3 reads it for
Kubernetes, except that a range without numbers (`*-5`) and an empty entry of a list are errors here. Takes {scope, at, schedule}.
*/}}
{{- define "fairlead.checkSchedule" -}}
{{- $call := . -}}
{{- $text := trim .schedule -}}
{{- $fields := regexSplit `\s+` $text -1 -}}
{{- $faults := list -}}
{{- if contains "TZ" $text -}}
  {{- $faults = list "a schedule names no time zone; set it by patch: {workload: {spec: {timeZone: Europe/Paris}}}" -}}
{{- else if hasPrefix "@" $text -}}
  {{- if not (regexMatch `^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every ([0-9]+(\.[0-9]+)?(h|m|s))+)$` $text) -}}
    {{- $faults = list (printf "%q is none of @yearly, @monthly, @weekly, @daily, @hourly and @every 90m" $text) -}}
  {{- end -}}
{{- else if ne (len $fields) 5 -}}
  {{- $faults = list (printf "%q has %d fields where five are needed: minute, hour, day of the month, month, day of the week" $text (len $fields)) -}}
{{- else -}}
  {{- $months := dict "jan" 1 "feb" 2 "mar" 3 "apr" 4 "may" 5 "jun" 6 "jul" 7 "aug" 8 "sep" 9 "oct" 10 "nov" 11 "dec" 12 -}}
  {{- $days := dict "sun" 0 "mon" 1 "tue" 2 "wed" 3 "thu" 4 "fri" 5 "sat" 6 -}}
  {{- range $index, $limits := list
    (dict "name" "minute" "low" 0 "high" 59 "names" dict)
    (dict "name" "hour" "low" 0 "high" 23 "names" dict)
    (dict "name" "day of the month" "low" 1 "high" 31 "names" dict)
    (dict "name" "month" "low" 1 "high" 12 "names" $months)
    (dict "name" "day of the week" "low" 0 "high" 6 "names" $days "note" " (0 is Sunday)")
  -}}
    {{- range splitList "," (index $fields $index) -}}
      {{- with include "fairlead.scheduleFault" (merge (dict "text" .) $limits) -}}
        {{- $faults = append $faults . -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $faults -}}
  {{- include "fairlead.error" (merge (dict "code" "APP_SCHEDULE_INVALID" "message" .) (pick $call "scope" "at")) -}}
{{- end -}}
{{- end -}}

{{/* Gives what is wrong with one entry of a field, or nothing. Takes {text, name, low, high, names, note?}. */}}
{{- define "fairlead.scheduleFault" -}}
{{- $call := . -}}
{{- $parts := splitList "/" .text -}}
{{- $ends := splitList "-" (first $parts) -}}
{{- $numbers := list -}}
{{- if not (has (first $parts) (list "*" "?")) -}}
  {{- range $ends -}}
    {{- $number := ternary (get $call.names (lower .)) . (hasKey $call.names (lower .)) | toString -}}
    {{- if and (regexMatch `^[0-9]{1,4}$` $number) (ge (atoi $number) $call.low) (le (atoi $number) $call.high) -}}
      {{- $numbers = append $numbers (atoi $number) -}}
    {{- end -}}
  {{- end -}}
  {{- if or (gt (len $ends) 2) (ne (len $numbers) (len $ends)) -}}
    {{- printf "%q is no %s: %d to %d%s, or a range as %d-%d" .text .name .low .high (.note | default "") .low .high -}}
  {{- else if gt (first $numbers) (last $numbers) -}}
    {{- printf "the %s %q ends before it begins" .name (first $parts) -}}
  {{- end -}}
{{- end -}}
{{- if or (gt (len $parts) 2) (and (eq (len $parts) 2) (not (regexMatch `^0*[1-9][0-9]{0,3}$` (last $parts)))) -}}
  {{- printf "the %s %q has no step; write for example */5" .name .text -}}
{{- end -}}
{{- end -}}
