# Cal.com calls none of its crons by itself.
locals {
  crons = {
    webhook-triggers = { every = "rate(5 minutes)", method = "POST", path = "/api/cron/webhookTriggers", key = "cron-api-key" }
    booking-reminder = { every = "rate(15 minutes)", method = "POST", path = "/api/cron/bookingReminder", key = "cron-api-key" }
    tasks            = { every = "rate(1 minute)", method = "GET", path = "/api/tasks/cron", key = "cron-secret" }
    cleanup          = { every = "rate(1 day)", method = "GET", path = "/api/tasks/cleanup", key = "cron-secret" }
  }

  # One key is presented bare, the other as a bearer's.
  presented = {
    cron-api-key = terraform_data.cron["cron-api-key"].output
    cron-secret  = "Bearer ${terraform_data.cron["cron-secret"].output}"
  }
}

resource "aws_cloudwatch_event_connection" "cron" {
  for_each = terraform_data.cron

  name               = "calcom-${each.key}"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "Authorization"
      value = local.presented[each.key]
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "cron" {
  for_each = local.crons

  name                             = "calcom-${each.key}"
  invocation_endpoint              = "${local.url}${each.value.path}"
  http_method                      = each.value.method
  invocation_rate_limit_per_second = 1
  connection_arn                   = aws_cloudwatch_event_connection.cron[each.value.key].arn
}

resource "aws_cloudwatch_event_rule" "cron" {
  for_each = local.crons

  name                = "calcom-${each.key}"
  schedule_expression = each.value.every
}

resource "aws_cloudwatch_event_target" "cron" {
  for_each = local.crons

  rule     = aws_cloudwatch_event_rule.cron[each.key].name
  arn      = aws_cloudwatch_event_api_destination.cron[each.key].arn
  role_arn = aws_iam_role.events.arn

  # The next call is near.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 0
  }
}

data "aws_iam_policy_document" "events" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "events" {
  name               = "calcom-events"
  assume_role_policy = data.aws_iam_policy_document.events.json
}

data "aws_iam_policy_document" "invoke" {
  statement {
    actions   = ["events:InvokeApiDestination"]
    resources = [for destination in aws_cloudwatch_event_api_destination.cron : destination.arn]
  }
}

resource "aws_iam_role_policy" "invoke" {
  name   = "call-the-crons"
  role   = aws_iam_role.events.id
  policy = data.aws_iam_policy_document.invoke.json
}
