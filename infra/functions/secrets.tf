# The secrets' places. Their values are added by hand (docs/deploy.md), so that no state holds one.
locals {
  # The variables that each group of needs reads from a secret.
  secret_settings = {
    database          = ["DATABASE_URL"]
    calcom            = ["CALCOM_WEBHOOK_SECRETS"]
    booking           = ["BOOKING_TOKEN_SECRETS"]
    calcom_api        = ["CALCOM_API_KEY"]
    realtime          = ["REALTIME_SERVICE_KEY"]
    links             = ["LINK_SECRETS"]
    mail              = ["SMTP_URL"]
    livekit           = ["LIVEKIT_API_SECRET", "ROOM_NAME_SECRET"]
    jitsi             = [contains(keys(var.room.environment), "JAAS_KEY_ID") ? "JAAS_PRIVATE_KEY" : "JITSI_APP_SECRET", "ROOM_NAME_SECRET"]
    link              = ["ROOM_NAME_SECRET"]
    "web push sender" = ["VAPID_PRIVATE_KEY"]
  }

  # For each function: the variable, and the secret that it is read from. Every function logs in to
  # the database as itself.
  mounted = {
    for name, function in local.deployed : name => merge([
      for group in function.needs : {
        for variable in try(local.secret_settings[group], []) :
        variable => variable == "DATABASE_URL" ? "database-url-${function.slug}" : replace(lower(variable), "_", "-")
      }
    ]...)
  }

  granted = merge([
    for name, secrets in local.mounted : {
      for secret in values(secrets) : "${name}/${secret}" => { function = name, secret = secret }
    }
  ]...)
}

resource "google_secret_manager_secret" "secret" {
  for_each = toset(flatten([for secrets in values(local.mounted) : values(secrets)]))

  secret_id = each.key

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = local.granted

  secret_id = google_secret_manager_secret.secret[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.function[each.value.function].email}"
}
