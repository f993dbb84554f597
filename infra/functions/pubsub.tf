locals {
  # Each topic has one function that it pushes to. Orders to a room's server wait for nobody.
  consumers = {
    lobby-signals = { function = "relay_signal", backoff = ["10s", "300s"] }
    mails         = { function = "send_mail", backoff = ["10s", "600s"] }
    room-orders   = { function = "run_room_order", backoff = ["1s", "10s"] }
    web-pushes    = { function = "send_push", backoff = ["10s", "300s"] }
  }
  topics        = { for name, one in local.consumers : name => one if contains(keys(local.deployed), one.function) }
  subscriptions = { for name, _ in local.consumers : name => "projects/${var.project}/subscriptions/${name}-push" }

  # Who publishes what: those that tell something, on each topic that they are told of.
  publishers = merge([
    for name, environment in local.environment : {
      for variable in ["PUBSUB_TOPIC", "MAIL_TOPIC", "ROOM_TOPIC", "WEB_PUSH_TOPIC"] :
      "${name}/${environment[variable]}" => { function = name, topic = environment[variable] }
      if contains(keys(environment), variable)
    }
  ]...)

  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "topic" {
  # checkov:skip=CKV_GCP_83: messages hold ids alone, under Google's own keys
  for_each = local.topics

  name       = each.key
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  topic  = google_pubsub_topic.topic[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = "serviceAccount:${google_service_account.function[each.value.function].email}"
}

resource "google_pubsub_subscription" "push" {
  for_each = local.topics

  name                       = "${each.key}-push"
  topic                      = google_pubsub_topic.topic[each.key].id
  ack_deadline_seconds       = 30
  message_retention_duration = "604800s"

  # Not ordered, although messages carry keys: versions put them in order, and one that is stuck
  # would hold up all behind it.
  enable_message_ordering = false

  expiration_policy {
    ttl = ""
  }

  push_config {
    # Ingress from inside alone takes pushes by this address; the audience stays the public one.
    push_endpoint = google_cloudfunctions2_function.function[each.value.function].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.caller["push"].email
      audience              = local.environment[each.value.function].PUSH_AUDIENCE
    }
  }

  retry_policy {
    minimum_backoff = each.value.backoff[0]
    maximum_backoff = each.value.backoff[1]
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = 20
  }

  depends_on = [google_cloud_run_service_iam_member.private]
}

# What could not be delivered. Without a subscription of its own it would be lost.
resource "google_pubsub_topic" "dead" {
  # checkov:skip=CKV_GCP_83: as above
  for_each = local.topics

  name       = "${each.key}-dead"
  depends_on = [google_project_service.needed]
}

resource "google_pubsub_subscription" "dead" {
  for_each = local.topics

  name                       = "${each.key}-dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself carries dead letters over, so it writes there and acknowledges here.
resource "google_pubsub_topic_iam_member" "agent" {
  for_each = local.topics

  topic  = google_pubsub_topic.dead[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "agent" {
  for_each = local.topics

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
