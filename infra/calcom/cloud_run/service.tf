locals {
  url = "https://${var.domain}"

  environment = {
    NEXT_PUBLIC_WEBAPP_URL    = local.url
    NEXT_PUBLIC_WEBSITE_URL   = local.url
    NEXTAUTH_URL              = local.url
    ALLOWED_HOSTNAMES         = "\"${var.domain}\""
    DATABASE_HOST             = "${google_sql_database_instance.calcom.private_ip_address}:5432"
    EMAIL_FROM                = var.email.from
    EMAIL_SERVER_HOST         = var.email.host
    EMAIL_SERVER_PORT         = tostring(var.email.port)
    EMAIL_SERVER_USER         = var.email.user
    CALCOM_TELEMETRY_DISABLED = "1"
    TZ                        = "UTC"
  }
}

# As whom Cal.com runs: it may read its secrets, and nothing else.
resource "google_service_account" "calcom" {
  account_id   = "calcom"
  display_name = "Cal.com"
}

resource "google_cloud_run_v2_service" "calcom" {
  name                = "calcom"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = var.deletion_protection

  template {
    service_account                  = google_service_account.calcom.email
    timeout                          = "60s"
    max_instance_request_concurrency = 80

    # One, always: it migrates its database at each start, and two at once race.
    scaling {
      min_instance_count = 1
      max_instance_count = 1
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"

      network_interfaces {
        network    = google_compute_network.calcom.name
        subnetwork = google_compute_subnetwork.calcom.name
      }
    }

    containers {
      image = var.image

      ports {
        container_port = 3000
      }

      # It works on between requests, and begins by rewriting its files.
      resources {
        limits            = { cpu = "2", memory = "4Gi" }
        cpu_idle          = false
        startup_cpu_boost = true
      }

      # Ten minutes for migrations and files.
      startup_probe {
        period_seconds    = 10
        timeout_seconds   = 5
        failure_threshold = 60

        tcp_socket {
          port = 3000
        }
      }

      # Cal.com has no page for this; its version exists, and needs no sign-in.
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 10
        failure_threshold = 5

        http_get {
          path = "/api/version"
          port = 3000
        }
      }

      dynamic "env" {
        for_each = local.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.secret[env.value].secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.calcom, google_sql_database.calcom]
}

resource "google_cloud_run_v2_service_iam_member" "public" {
  name     = google_cloud_run_v2_service.calcom.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_domain_mapping" "calcom" {
  name     = var.domain
  location = var.region

  metadata {
    namespace = var.project
  }

  spec {
    route_name = google_cloud_run_v2_service.calcom.name
  }
}
