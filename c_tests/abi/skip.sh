#!/usr/bin/env bash
# Stands in ctest for a test that cannot run here. Says why; in CI that is a failure.
set -euo pipefail
echo "skipped: $1"
[ "${CI:-}" != true ] || exit 1
exit 77
