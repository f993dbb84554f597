locals {
  schedules = {
    complete_meetings = "* * * * *"
    reconcile_calcom  = "*/10 * * * *"
  }
}

resource "google_cloud_scheduler_job" "job" {
  for_each = { for name, schedule in local.schedules : name => schedule if contains(keys(local.deployed), name) }

  name             = local.deployed[each.key].slug
  region           = var.region
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s"

  # The next call is near, and does what this one left.
  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = google_cloudfunctions2_function.function[each.key].service_config[0].uri
    http_method = "POST"

    oidc_token {
      service_account_email = google_service_account.caller["scheduler"].email
      audience              = local.environment[each.key].SCHEDULER_AUDIENCE
    }
  }

  depends_on = [google_cloud_run_service_iam_member.private]
}
