#!/bin/sh
# Dump the database once a day, and keep fourteen dumps. A dump that failed replaces none.
set -u
folder=${BACKUP_FOLDER:-/backups}
while :; do
  dump="$folder/calcom-$(date -u +%Y%m%dT%H%M%SZ).dump"
  if PGPASSWORD=$POSTGRES_PASSWORD pg_dump -h database -U calcom --format=custom --file="$dump.part" calcom; then
    mv "$dump.part" "$dump"
    ls -1 "$folder"/calcom-*.dump | sort -r | tail -n +15 | xargs -r rm --
  else
    echo "backup: failed"
    rm -f "$dump.part"
  fi
  sleep 86400
done
