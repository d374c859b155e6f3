#!/bin/sh
# A password that comes as a file, such as a secret of Docker's, goes to the driver as PGPASSWORD.
set -eu
if [ -n "${PGPASSWORD_FILE:-}" ]; then
    PGPASSWORD=$(cat "$PGPASSWORD_FILE")
    export PGPASSWORD
fi
exec rotate-driver "$@"
