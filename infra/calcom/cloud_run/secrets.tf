# The secrets' places. Their values are added once, by hand (the README beside), and the encryption key
# never again: whoever loses it loses every credential that Cal.com keeps.
locals {
  # The variable, and the secret that it is read from when the container starts.
  secrets = {
    DATABASE_URL            = "calcom-database-url"
    DATABASE_DIRECT_URL     = "calcom-database-url"
    NEXTAUTH_SECRET         = "calcom-nextauth-secret"
    CALENDSO_ENCRYPTION_KEY = "calcom-encryption-key"
    CRON_API_KEY            = "calcom-cron-api-key"
    CRON_SECRET             = "calcom-cron-secret"
    EMAIL_SERVER_PASSWORD   = "calcom-email-password"
  }
}

resource "google_secret_manager_secret" "secret" {
  for_each = toset(values(local.secrets))

  secret_id = each.key

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "calcom" {
  for_each = google_secret_manager_secret.secret

  secret_id = each.value.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.calcom.email}"
}
