#!/bin/sh
# Run once by the database's image, when its data directory is new: the two roles and the database.
set -eu
CORPBANK_OWNER_PASSWORD=$(cat /run/secrets/owner_password)
CORPBANK_APP_PASSWORD=$(cat /run/secrets/app_password)
export CORPBANK_OWNER_PASSWORD CORPBANK_APP_PASSWORD
psql -X -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --file /corpbank/roles.sql
