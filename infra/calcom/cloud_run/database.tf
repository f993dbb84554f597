resource "google_compute_network" "calcom" {
  # checkov:skip=CKV2_GCP_18: no machine is in it, so there is nothing for a firewall to guard
  name                    = "calcom"
  auto_create_subnetworks = false
  depends_on              = [google_project_service.needed]
}

resource "google_compute_subnetwork" "calcom" {
  # checkov:skip=CKV_GCP_26: only Cal.com and its database are in it
  # checkov:skip=CKV_GCP_76: no IPv6 is used
  name                     = "calcom"
  region                   = var.region
  network                  = google_compute_network.calcom.id
  ip_cidr_range            = "10.30.0.0/24"
  private_ip_google_access = true
}

resource "google_compute_global_address" "database" {
  name          = "calcom-database"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.calcom.id
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.calcom.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]
}

resource "google_sql_database_instance" "calcom" {
  # checkov:skip=CKV2_GCP_13: Cal.com's own statements are not ours to time
  # checkov:skip=CKV_GCP_79: the version that Cal.com's own set-up runs on
  # checkov:skip=CKV_GCP_6: nothing comes in unencrypted; clients prove themselves by password
  # checkov:skip=CKV_GCP_55: the default, warning, is what an operator reads
  # checkov:skip=CKV_GCP_108: one client, whose name is known
  # checkov:skip=CKV_GCP_109: the default, error, keeps statements out of the log
  # checkov:skip=CKV_GCP_110: pgAudit writes statements, and with them what people wrote
  # checkov:skip=CKV_GCP_111: the same
  name                = "calcom"
  region              = var.region
  database_version    = "POSTGRES_16"
  deletion_protection = var.deletion_protection

  settings {
    tier                        = "db-custom-1-3840"
    edition                     = "ENTERPRISE"
    availability_type           = "ZONAL"
    disk_autoresize             = true
    deletion_protection_enabled = var.deletion_protection

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "02:00"
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.calcom.id
      ssl_mode        = "ENCRYPTED_ONLY"
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
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "calcom" {
  name     = "calcom"
  instance = google_sql_database_instance.calcom.name
}
