terraform {
  # Write-only arguments and ephemeral resources: passwords are in no state.
  required_version = ">= 1.11"

  # Whoever writes the state rules the account: keep it in a bucket of your own.
  backend "s3" {
    key = "visio/calcom"
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region      = var.region
  max_retries = 2

  default_tags {
    tags = { project = "foxeo-visio" }
  }
}
