#!/usr/bin/env bash
# Runs one verb for the action, with every output form that the verb has. All values come from the environment: a
# template would paste them into the script.
set -euo pipefail

command=(ddbbackup "$VERB")
while IFS= read -r line; do
  if [[ -n $line ]]; then command+=("$line"); fi
done <<<"$ARGUMENTS"
while IFS= read -r line; do
  if [[ -n $line ]]; then command+=(-f "$line"); fi
done <<<"$PLAN"

reports=$(mktemp -d "${RUNNER_TEMP:-/tmp}/ddbbackup-$VERB.XXXXXX")
command+=(--output "json=$reports/report.json")
case $VERB in
  validate | backup | wait | verify | restore)
    command+=(--output github --output "markdown=$reports/report.md" --output "junit=$reports/junit.xml") ;;
  preview | status)
    command+=(--output "markdown=$reports/report.md" --output "text=$reports/report.txt") ;;
esac

code=0
"${command[@]}" || code=$?

{
  echo "exit-code=$code"
  echo "json=$reports/report.json"
  echo "reports=$reports"
  if [[ -f $reports/report.md ]]; then echo "markdown=$reports/report.md"; else echo "markdown="; fi
} >>"$GITHUB_OUTPUT"

for accepted in $ACCEPT; do
  if [[ $code == "$accepted" ]]; then exit 0; fi
done
exit "$code"
