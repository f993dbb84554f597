# What matters most, said in Terraform's own words: `terraform test`, without any cloud.

mock_provider "google" {}

variables {
  project = "visio-test"
  image   = "calcom/cal.com@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  domain  = "rendez-vous.example"
  email   = { from = "a@mail.example", host = "smtp.mail.example", port = 587, user = "a" }
}

run "one_instance_and_no_more" {
  command = plan

  assert {
    condition = (
      google_cloud_run_v2_service.calcom.template[0].scaling[0].min_instance_count == 1
      && google_cloud_run_v2_service.calcom.template[0].scaling[0].max_instance_count == 1
      && google_cloud_run_v2_service.calcom.template[0].containers[0].image == var.image
    )
    error_message = "Two instances would race in the migration."
  }

  assert {
    condition = (
      google_sql_database_instance.calcom.deletion_protection
      && !google_sql_database_instance.calcom.settings[0].ip_configuration[0].ipv4_enabled
      && google_sql_database_instance.calcom.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
      && google_sql_database_instance.calcom.settings[0].backup_configuration[0].enabled
    )
    error_message = "The database may be deleted, reached from outside, read on its way, or lost."
  }

  assert {
    condition = alltrue([
      for env in google_cloud_run_v2_service.calcom.template[0].containers[0].env :
      length(env.value_source) == 1 if contains(keys(local.secrets), env.name)
    ])
    error_message = "A secret that stands in the service's description."
  }
}

run "a_tag_is_no_image" {
  command = plan

  variables {
    image = "calcom/cal.com:latest"
  }

  expect_failures = [var.image]
}

run "a_region_without_mapped_domains_is_no_home" {
  command = plan

  variables {
    region = "europe-west9"
  }

  expect_failures = [var.region]
}
