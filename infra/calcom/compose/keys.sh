#!/bin/sh
# Make the keys of this Cal.com, once, in keys/. They are never made anew: what Cal.com keeps is
# encrypted with one of them, so keep a copy of the folder where the backups are not.
set -eu
cd "$(dirname "$0")"
if [ -e keys ]; then
  echo "keys/ is there already, and stays as it is"
  exit 0
fi
umask 077
made=$(mktemp -d ./keys.XXXXXX)
password=$(openssl rand -hex 24)
echo "POSTGRES_PASSWORD=$password" > "$made/database.env"
{
  echo "DATABASE_URL=postgresql://calcom:$password@database:5432/calcom"
  echo "DATABASE_DIRECT_URL=postgresql://calcom:$password@database:5432/calcom"
  echo "NEXTAUTH_SECRET=$(openssl rand -hex 32)"
  # 32 characters, no more and no fewer.
  echo "CALENDSO_ENCRYPTION_KEY=$(openssl rand -hex 16)"
} > "$made/calcom.env"
{
  echo "CRON_API_KEY=$(openssl rand -hex 32)"
  echo "CRON_SECRET=$(openssl rand -hex 32)"
} > "$made/cron.env"
mv "$made" keys
echo "keys/ is made"
