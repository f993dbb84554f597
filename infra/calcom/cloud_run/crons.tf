# Cal.com calls none of its crons by itself. The scheduler wants to hold a copy of what it presents, so
# these two keys are in the state; they open nothing but the crons.
data "google_secret_manager_secret_version" "cron" {
  for_each = toset(["calcom-cron-api-key", "calcom-cron-secret"])

  secret = google_secret_manager_secret.secret[each.key].secret_id
}

locals {
  crons = {
    webhook-triggers = { schedule = "*/5 * * * *", method = "POST", path = "/api/cron/webhookTriggers", key = "calcom-cron-api-key" }
    booking-reminder = { schedule = "*/15 * * * *", method = "POST", path = "/api/cron/bookingReminder", key = "calcom-cron-api-key" }
    tasks            = { schedule = "* * * * *", method = "GET", path = "/api/tasks/cron", key = "calcom-cron-secret" }
    cleanup          = { schedule = "30 3 * * *", method = "GET", path = "/api/tasks/cleanup", key = "calcom-cron-secret" }
  }

  # One key is presented bare, the other as a bearer's.
  presented = {
    calcom-cron-api-key = data.google_secret_manager_secret_version.cron["calcom-cron-api-key"].secret_data
    calcom-cron-secret  = "Bearer ${data.google_secret_manager_secret_version.cron["calcom-cron-secret"].secret_data}"
  }
}

resource "google_cloud_scheduler_job" "cron" {
  for_each = local.crons

  name             = "calcom-${each.key}"
  region           = var.region
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  # The next call is near.
  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = "${local.url}${each.value.path}"
    http_method = each.value.method
    headers     = { Authorization = local.presented[each.value.key] }
  }
}
