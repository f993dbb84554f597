# Made once, by AWS, at the first apply, and never again: a write-only value changes with its version
# alone. Whoever loses the encryption key loses every credential that Cal.com keeps, so the versions
# stay at 1, and the secrets outlive a mistaken destroy by thirty days.
locals {
  generated = toset(["nextauth-secret", "encryption-key", "database-password"])
}

ephemeral "aws_secretsmanager_random_password" "generated" {
  for_each = local.generated

  # The encryption key must have 32 characters.
  password_length     = 32
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "generated" {
  # checkov:skip=CKV_AWS_149: under the account's own key of the service
  # checkov:skip=CKV2_AWS_57: keys that must never change are not rotated
  for_each = local.generated

  name                    = "calcom/${each.key}"
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "generated" {
  for_each = local.generated

  secret_id                = aws_secretsmanager_secret.generated[each.key].id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.generated[each.key].random_password
  secret_string_wo_version = 1
}

# Read back, so that an apply that broke off half way goes on with the same password.
ephemeral "aws_secretsmanager_secret_version" "database_password" {
  secret_id = aws_secretsmanager_secret_version.generated["database-password"].secret_id
}

resource "aws_secretsmanager_secret" "database_url" {
  # checkov:skip=CKV_AWS_149: as above
  # checkov:skip=CKV2_AWS_57: it holds the password above
  name                    = "calcom/database-url"
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "database_url" {
  secret_id = aws_secretsmanager_secret.database_url.id
  secret_string_wo = join("", [
    "postgresql://calcom:", ephemeral.aws_secretsmanager_secret_version.database_password.secret_string,
    "@", aws_db_instance.calcom.endpoint, "/calcom?sslmode=require",
  ])
  secret_string_wo_version = 1
}

# The mail server's password is added by hand (the README beside says how).
resource "aws_secretsmanager_secret" "email_password" {
  # checkov:skip=CKV_AWS_149: as above
  # checkov:skip=CKV2_AWS_57: the mail server's, not ours to rotate
  name                    = "calcom/email-password"
  recovery_window_in_days = 30
}

# What EventBridge presents at Cal.com's crons. It wants to hold a copy, so these two are in the state;
# they open nothing but the crons.
data "aws_secretsmanager_random_password" "cron" {
  for_each = toset(["cron-api-key", "cron-secret"])

  password_length     = 40
  exclude_punctuation = true
}

resource "terraform_data" "cron" {
  for_each = data.aws_secretsmanager_random_password.cron

  input = each.value.random_password

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_secretsmanager_secret" "cron" {
  # checkov:skip=CKV_AWS_149: as above
  # checkov:skip=CKV2_AWS_57: `terraform apply -replace` rotates them on both sides at once
  for_each = terraform_data.cron

  name                    = "calcom/${each.key}"
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "cron" {
  for_each = terraform_data.cron

  secret_id     = aws_secretsmanager_secret.cron[each.key].id
  secret_string = each.value.output
}
