resource "google_monitoring_notification_channel" "email" {
  display_name = "Foxeo visio"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

# One line of severity ERROR is one thing that somebody must look at.
resource "google_logging_metric" "errors" {
  name   = "visio/errors"
  filter = "resource.type=\"cloud_run_revision\" AND severity>=ERROR AND resource.labels.service_name=(${local.services})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    labels {
      key = "function"
    }
  }

  label_extractors = { function = "EXTRACT(resource.labels.service_name)" }
}

# The sweep tells how long the oldest thing unsaid has waited.
resource "google_logging_metric" "outbox_age" {
  name            = "visio/outbox_age"
  filter          = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"complete-meetings\" AND jsonPayload.message=\"[VISIO:COMPLETE_MEETINGS]\""
  value_extractor = "EXTRACT(jsonPayload.outboxAgeSeconds)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 20
      growth_factor      = 2
      scale              = 1
    }
  }
}

locals {
  services = join(" OR ", [for function in values(local.deployed) : "\"${function.slug}\""])

  # A condition by its title: what is looked at, how, and from which number on it is wrong.
  alerts = {
    "Dead letters wait" = {
      filter    = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=monitoring.regex.full_match(\".*-dead\")"
      aligner   = "ALIGN_MAX"
      threshold = 0
      duration  = "0s"
    }
    "A function failed" = {
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.errors.name}\""
      aligner   = "ALIGN_DELTA"
      threshold = 0
      duration  = "0s"
    }
    "Something has waited in the outbox for five minutes" = {
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.outbox_age.name}\""
      aligner   = "ALIGN_PERCENTILE_99"
      threshold = 300
      duration  = "120s"
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.alerts

  display_name          = each.key
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = each.value.aligner
      }
    }
  }
}

# A sweep that says nothing is worse than one that says something is late. Each revision is a series of
# its own, and the one before a deployment falls silent for good: only all of them together count.
resource "google_monitoring_alert_policy" "silence" {
  display_name          = "The sweep is silent"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "The sweep is silent"

    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.outbox_age.name}\""
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_COUNT"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }
}

# A feed that nobody has: the function looks in the database, and says 404. Without it, 503.
resource "google_monitoring_uptime_check_config" "functions" {
  display_name = "Foxeo visio answers"
  timeout      = "10s"
  period       = "300s"

  http_check {
    path         = "/calendar-feed?token=nobody-has-a-feed-of-this-name"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_value = 404
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = trimprefix(local.base, "https://")
    }
  }
}

resource "google_monitoring_alert_policy" "down" {
  display_name          = "The functions do not answer"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.email.id]

  conditions {
    display_name = "The functions do not answer"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.functions.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}
