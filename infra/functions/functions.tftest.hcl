# What matters most, said in Terraform's own words: `terraform test`, without any cloud.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  mock_resource "google_sql_database_instance" {
    defaults = {
      dns_name       = "1234.5678.europe-west9.sql.goog."
      server_ca_cert = [{ cert = "a certificate", common_name = "", create_time = "", expiration_time = "", sha1_fingerprint = "" }]
    }
  }
}

variables {
  project         = "visio-test"
  supabase_url    = "https://abc.supabase.example"
  allowed_origins = ["https://app.example"]
  app_url         = "https://app.example"
  calcom_url      = "https://cal.example/mikl/meeting"
  calcom_api_url  = "https://cal.example/v2"
  mail_from       = "visio@app.example"
  alert_email     = "ops@app.example"
  room            = { provider = "livekit", environment = { LIVEKIT_URL = "wss://rooms.example", LIVEKIT_API_KEY = "key" } }
  vapid           = { public_key = "a-public-key", subject = "mailto:ops@app.example" }
}

run "nothing_private_is_public" {
  command = apply

  assert {
    condition = length(setintersection(
      keys(google_cloud_run_service_iam_member.public),
      ["relay_signal", "send_mail", "send_push", "run_room_order", "complete_meetings", "reconcile_calcom"],
    )) == 0
    error_message = "A function that only Google's services call is open to the world."
  }

  assert {
    condition = alltrue([
      for name, function in google_cloudfunctions2_function.function :
      function.service_config[0].ingress_settings == (contains(keys(google_cloud_run_service_iam_member.public), name) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY")
    ])
    error_message = "Ingress and invokers disagree."
  }
}

run "every_message_has_a_last_resort" {
  command = apply

  assert {
    condition = alltrue([
      for name, subscription in google_pubsub_subscription.push :
      subscription.dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead[name].id
      && google_pubsub_subscription.dead[name].topic == google_pubsub_topic.dead[name].id
      && subscription.expiration_policy[0].ttl == ""
      && google_pubsub_subscription.dead[name].expiration_policy[0].ttl == ""
    ])
    error_message = "A subscription without a dead-letter topic that somebody keeps."
  }

  assert {
    condition = alltrue([
      for name, subscription in google_pubsub_subscription.push :
      google_pubsub_topic_iam_member.agent[name].role == "roles/pubsub.publisher"
      && google_pubsub_subscription_iam_member.agent[name].role == "roles/pubsub.subscriber"
      && google_pubsub_topic_iam_member.agent[name].member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    ])
    error_message = "Pub/Sub itself may not carry dead letters over."
  }
}

run "pushes_and_schedules_bring_the_token_that_is_asked_for" {
  command = apply

  assert {
    condition = alltrue([
      for name, subscription in google_pubsub_subscription.push :
      subscription.push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.function[local.consumers[name].function].service_config[0].environment_variables["PUSH_AUDIENCE"]
      && subscription.push_config[0].oidc_token[0].service_account_email == google_service_account.caller["push"].email
    ])
    error_message = "A push brings a token that its function refuses."
  }

  assert {
    condition = alltrue([
      for name, job in google_cloud_scheduler_job.job :
      job.http_target[0].oidc_token[0].audience == google_cloudfunctions2_function.function[name].service_config[0].environment_variables["SCHEDULER_AUDIENCE"]
      && job.http_target[0].oidc_token[0].service_account_email == google_service_account.caller["scheduler"].email
    ])
    error_message = "A job brings a token that its function refuses."
  }
}

run "no_more_connections_than_the_database_takes" {
  command = plan

  variables {
    max_connections = 100
  }

  expect_failures = [google_cloudfunctions2_function.function]
}

run "a_cloud_sql_of_our_own_is_protected_and_private" {
  command = apply

  variables {
    cloud_sql = true
  }

  assert {
    condition = (
      google_sql_database_instance.visio[0].deletion_protection
      && google_sql_database_instance.visio[0].settings[0].deletion_protection_enabled
      && !google_sql_database_instance.visio[0].settings[0].ip_configuration[0].ipv4_enabled
      && google_sql_database_instance.visio[0].settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
      && google_sql_database_instance.visio[0].settings[0].backup_configuration[0].point_in_time_recovery_enabled
    )
    error_message = "The database may be deleted, reached from outside, read on its way, or lost."
  }

  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.function : function.service_config[0].vpc_connector != null && length(function.service_config[0].secret_volumes) == 1])
    error_message = "A function that does not reach the database, or cannot verify it."
  }
}

run "an_authority_of_supabases_own_is_mounted" {
  command = apply

  variables {
    database_ca = "versions.tf"
  }

  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.function :
      function.service_config[0].secret_volumes[0].mount_path == "/etc/visio"
      && function.service_config[0].secret_volumes[0].versions[0].path == "database-ca.pem"
    ])
    error_message = "A function that cannot verify its database."
  }
}

run "without_livekit_nobody_takes_its_orders" {
  command = apply

  variables {
    room = { provider = "link", environment = { ROOM_LINK = "https://rooms.example/{room}", ROOM_LINK_HOSTS = "rooms.example" } }
  }

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.function), "run_room_order") && !contains(keys(google_pubsub_topic.topic), "room-orders")
    error_message = "Orders to a server that is not there."
  }

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.function["lobby_signal"].service_config[0].environment_variables), "ROOM_TOPIC")
    error_message = "Orders would be written to a topic that is not there."
  }
}

run "an_origin_is_never_everybody" {
  command = plan

  variables {
    allowed_origins = ["*"]
  }

  expect_failures = [var.allowed_origins]
}

run "a_rule_is_a_number_of_minutes_that_may_pass" {
  command = plan

  variables {
    rules = { SWEEP_GRACE_MINUTES = "1441" }
  }

  expect_failures = [var.rules]
}

run "a_limit_lets_something_through" {
  command = plan

  variables {
    rules = { MAX_OPEN_REQUESTS = "-1" }
  }

  expect_failures = [var.rules]
}

run "a_rule_that_can_be_meant_is_taken" {
  command = plan

  variables {
    rules = { BUFFER_MINUTES = "0", LOBBY_OPENS_MINUTES = "15", MAX_OPEN_REQUESTS = "5", CALCOM_BINDING = "token" }
  }

  assert {
    condition     = google_cloudfunctions2_function.function["lobby_signal"].service_config[0].environment_variables["LOBBY_OPENS_MINUTES"] == "15"
    error_message = "A rule that does not come to the functions."
  }
}

run "a_subject_is_somebody_to_write_to" {
  command = plan

  variables {
    vapid = { public_key = "a-public-key", subject = "ops@app.example" }
  }

  expect_failures = [var.vapid]
}
