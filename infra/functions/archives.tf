# What `make build` wrote, named by its own hash: only what changed is deployed anew.
resource "google_storage_bucket" "source" {
  # checkov:skip=CKV_GCP_62: an access log of archives that only the build reads says nothing
  # checkov:skip=CKV_GCP_78: names are hashes, so nothing is ever overwritten
  name                        = "${var.project}-visio-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
}

resource "google_storage_bucket_object" "archive" {
  for_each = local.deployed

  bucket = google_storage_bucket.source.name
  name   = "${each.value.slug}-${filesha256("${var.build}/${each.key}.zip")}.zip"
  source = "${var.build}/${each.key}.zip"
}

# As whom functions are built. A project's default account may do far more.
resource "google_service_account" "builder" {
  account_id   = "visio-builder"
  display_name = "Foxeo visio: builds functions"
}

# It reads what it builds in a bucket of Google's making, gcf-v2-sources-…, which is not there before the
# first function is: so it may read objects in the project, not in our bucket.
resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer"])

  project = var.project
  role    = each.key
  member  = "serviceAccount:${google_service_account.builder.email}"
}
