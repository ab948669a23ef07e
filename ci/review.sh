#!/usr/bin/env bash
# What CI runs for a review of a change, whatever the platform; every step works on a checkout at home as well.
#
#   ci/review.sh install        the program, and Checkov in an environment of its own where it can be had
#   ci/review.sh plan FILE      plan every stack at BASE and here, write the comment; 1 when the change is refused
#   ci/review.sh comment FILE   post the comment, or replace the one of an earlier run
#
# BASE is the branch that the change goes to (origin/main unless given), STACKS the stacks (all unless given) and
# ENGINE is pulumi for changes against the real state. `comment` takes the token from its environment
# (ci/post_comment.py) and runs nothing of the change.
set -euo pipefail
cd "$(dirname "$0")/.."
checkov=build/checkov

install() {
  make .venv/.installed
  { python3 -m venv "$checkov" && "$checkov/bin/pip" install --quiet -r ci/requirements-checkov.txt; } ||
    { rm -rf "$checkov"; echo "Checkov could not be installed; the review goes without it" >&2; }
}

plan() {
  local code=0 stacks=() name
  for name in ${STACKS:-}; do stacks+=(--stack "$name"); done
  PATH="$PWD/$checkov/bin:$PATH" .venv/bin/mlops review --base "${BASE:-origin/main}" --engine "${ENGINE:-embedded}" \
    ${stacks[@]+"${stacks[@]}"} --out "$1" || code=$?
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$1" ]; then cat "$1" >>"$GITHUB_STEP_SUMMARY"; fi
  return "$code"
}

case "${1:-} $#" in
  "install 1") install ;;
  "plan 2") plan "$2" ;;
  "comment 2") python3 ci/post_comment.py "$2" ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "ci/review.sh" >&2; exit 2 ;;
esac
