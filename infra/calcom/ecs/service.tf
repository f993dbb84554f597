locals {
  url = "https://${var.domain}"

  environment = {
    NEXT_PUBLIC_WEBAPP_URL    = local.url
    NEXT_PUBLIC_WEBSITE_URL   = local.url
    NEXTAUTH_URL              = local.url
    ALLOWED_HOSTNAMES         = "\"${var.domain}\""
    DATABASE_HOST             = aws_db_instance.calcom.endpoint
    EMAIL_FROM                = var.email.from
    EMAIL_SERVER_HOST         = var.email.host
    EMAIL_SERVER_PORT         = tostring(var.email.port)
    EMAIL_SERVER_USER         = var.email.user
    CALCOM_TELEMETRY_DISABLED = "1"
    TZ                        = "UTC"
  }

  # The variable, and the secret that it is read from when the task starts.
  secrets = {
    DATABASE_URL            = aws_secretsmanager_secret.database_url.arn
    DATABASE_DIRECT_URL     = aws_secretsmanager_secret.database_url.arn
    NEXTAUTH_SECRET         = aws_secretsmanager_secret.generated["nextauth-secret"].arn
    CALENDSO_ENCRYPTION_KEY = aws_secretsmanager_secret.generated["encryption-key"].arn
    CRON_API_KEY            = aws_secretsmanager_secret.cron["cron-api-key"].arn
    CRON_SECRET             = aws_secretsmanager_secret.cron["cron-secret"].arn
    EMAIL_SERVER_PASSWORD   = aws_secretsmanager_secret.email_password.arn
  }
}

resource "aws_cloudwatch_log_group" "calcom" {
  # checkov:skip=CKV_AWS_158: under the service's own key
  # checkov:skip=CKV_AWS_338: bookings' names and addresses are in it; a month is enough
  name              = "/calcom"
  retention_in_days = 30
}

resource "aws_ecs_cluster" "calcom" {
  name = "calcom"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# Who starts the task may read its secrets and write its log; the task itself may do nothing in AWS.
resource "aws_iam_role" "execution" {
  name               = "calcom-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role" "task" {
  name               = "calcom-task"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = distinct(values(local.secrets))
  }

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.calcom.arn}:*"]
  }
}

resource "aws_iam_role_policy" "execution" {
  name   = "secrets-and-log"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_ecs_task_definition" "calcom" {
  # checkov:skip=CKV_AWS_336: at its start Cal.com rewrites its files for the public address
  family                   = "calcom"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 2048
  memory                   = 4096
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([{
    name         = "calcom"
    image        = var.image
    essential    = true
    portMappings = [{ containerPort = 3000, hostPort = 3000, protocol = "tcp" }]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets      = [for name, arn in local.secrets : { name = name, valueFrom = arn }]

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.calcom.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "calcom"
      }
    }
  }])
}

resource "aws_ecs_service" "calcom" {
  # checkov:skip=CKV_AWS_333: without an address of its own it needs a NAT gateway; its group admits the balancer alone
  name            = "calcom"
  cluster         = aws_ecs_cluster.calcom.id
  task_definition = aws_ecs_task_definition.calcom.arn
  launch_type     = "FARGATE"
  desired_count   = 1

  # It migrates its database at each start, and two at once race: the old one goes before the new one.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  health_check_grace_period_seconds  = 600

  network_configuration {
    subnets          = aws_subnet.public[*].id
    security_groups  = [aws_security_group.calcom.id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.calcom.arn
    container_name   = "calcom"
    container_port   = 3000
  }

  depends_on = [aws_lb_listener.https, aws_iam_role_policy.execution]
}
