locals {
  # One thread is one connection, and the number of instances is the fuse.
  connections = sum([for function in values(local.deployed) : function.size.concurrency * function.size.instances])
}

# A Cloud SQL of our own, where the database is not Supabase's. Logins are made by `make logins`, not
# here: what the API makes is a member of cloudsqlsuperuser, and inherits.
resource "google_sql_database_instance" "visio" {
  # checkov:skip=CKV2_GCP_13: durations of statements are the dashboard's affair
  # checkov:skip=CKV_GCP_6: nothing comes in unencrypted; clients prove themselves by password
  # checkov:skip=CKV_GCP_55: the default, warning, is what an operator reads
  # checkov:skip=CKV_GCP_108: host names of connections say nothing behind one connector
  # checkov:skip=CKV_GCP_109: the default, error, keeps statements out of the log
  # checkov:skip=CKV_GCP_110: pgAudit writes statements, and with them what people wrote
  # checkov:skip=CKV_GCP_111: the same
  count = var.cloud_sql ? 1 : 0

  name                = "visio"
  region              = var.region
  database_version    = "POSTGRES_17"
  deletion_protection = true

  settings {
    tier                        = var.cloud_sql_tier
    edition                     = "ENTERPRISE"
    availability_type           = "ZONAL"
    disk_autoresize             = true
    deletion_protection_enabled = true

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "02:00"
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.visio[0].id
      ssl_mode        = "ENCRYPTED_ONLY"
      # The kind of authority whose certificates bear a name that a client can verify.
      server_ca_mode = "GOOGLE_MANAGED_CAS_CA"
    }

    database_flags {
      name  = "max_connections"
      value = tostring(var.max_connections)
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "idle_in_transaction_session_timeout"
      value = "10000"
    }
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "visio" {
  count = var.cloud_sql ? 1 : 0

  name     = "visio"
  instance = google_sql_database_instance.visio[0].name
}

# The way there: a network that nothing else is in, and a connector for the functions. Who migrates comes
# in by a door that docs/deploy.md makes by hand.
resource "google_compute_network" "visio" {
  # checkov:skip=CKV2_GCP_18: without rules a network lets nobody in; the door's one rule is made by hand
  count = var.cloud_sql ? 1 : 0

  name                    = "visio"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.needed]
}

resource "google_compute_global_address" "database" {
  count = var.cloud_sql ? 1 : 0

  name          = "visio-database"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.visio[0].id
}

resource "google_service_networking_connection" "database" {
  count = var.cloud_sql ? 1 : 0

  network                 = google_compute_network.visio[0].id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database[0].name]
}

resource "google_vpc_access_connector" "database" {
  count = var.cloud_sql ? 1 : 0

  name          = "visio-database"
  region        = var.region
  network       = google_compute_network.visio[0].name
  ip_cidr_range = "10.8.0.0/28"
  min_instances = 2
  max_instances = 3
}

# The name that the server's certificate bears leads to its private address.
resource "google_dns_managed_zone" "database" {
  # checkov:skip=CKV_GCP_16: a private zone is not signed
  count = var.cloud_sql ? 1 : 0

  name       = "visio-database"
  dns_name   = google_sql_database_instance.visio[0].dns_name
  visibility = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.visio[0].id
    }
  }
}

resource "google_dns_record_set" "database" {
  count = var.cloud_sql ? 1 : 0

  managed_zone = google_dns_managed_zone.database[0].name
  name         = google_dns_managed_zone.database[0].dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [google_sql_database_instance.visio[0].private_ip_address]
}

# The certificate of the authority is public; a secret is the one way to mount a file.
locals {
  authority = var.cloud_sql || var.database_ca != null ? 1 : 0
}

resource "google_secret_manager_secret" "authority" {
  count = local.authority

  secret_id = "database-ca"

  replication {
    auto {}
  }

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "authority" {
  count = local.authority

  secret      = google_secret_manager_secret.authority[0].id
  secret_data = var.cloud_sql ? google_sql_database_instance.visio[0].server_ca_cert[0].cert : file(var.database_ca)
}

resource "google_secret_manager_secret_iam_member" "authority" {
  for_each = local.authority == 1 ? local.deployed : {}

  secret_id = google_secret_manager_secret.authority[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.function[each.key].email}"
}
