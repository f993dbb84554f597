variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where everything runs: a region in which Cloud Run maps domains."
  type        = string
  default     = "europe-west1"

  # The list of https://cloud.google.com/run/docs/mapping-custom-domains, as it was in July 2026.
  validation {
    condition = contains([
      "asia-east1", "asia-northeast1", "asia-southeast1", "europe-north1", "europe-west1",
      "europe-west4", "us-central1", "us-east1", "us-east4", "us-west1",
    ], var.region)
    error_message = "Cloud Run maps no domain there: in Europe europe-north1, europe-west1 or europe-west4."
  }
}

variable "image" {
  description = "Cal.com's image, by digest: the README beside says which."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "By digest (…@sha256:…): a tag may lead elsewhere tomorrow."
  }
}

variable "domain" {
  description = "The name under which Cal.com is reached, such as rendez-vous.example.com."
  type        = string
}

variable "email" {
  description = "Who sends Cal.com's e-mails, and through which server. Its password is a secret."
  type = object({
    from = string
    host = string
    port = number
    user = string
  })
}

variable "deletion_protection" {
  description = "Whether database and service refuse to be destroyed. Say no only to take all down."
  type        = bool
  default     = true
}
