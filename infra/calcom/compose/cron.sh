#!/bin/sh
# Call Cal.com's crons, each in its own time. One that fails is called again when its turn comes.
set -u
call() {
  method=$1 path=$2 key=$3
  data=
  [ "$method" = POST ] && data="--post-data="
  wget -q -T 30 -O /dev/null $data --header "Authorization: $key" "http://calcom:3000$path" ||
    echo "cron: $path failed"
}

minute=0
while :; do
  call GET /api/tasks/cron "Bearer $CRON_SECRET"
  [ $((minute % 5)) = 0 ] && call POST /api/cron/webhookTriggers "$CRON_API_KEY"
  [ $((minute % 15)) = 0 ] && call POST /api/cron/bookingReminder "$CRON_API_KEY"
  [ $((minute % 1440)) = 0 ] && call GET /api/tasks/cleanup "Bearer $CRON_SECRET"
  minute=$((minute + 1))
  sleep "${CRON_PERIOD:-60}"
done
