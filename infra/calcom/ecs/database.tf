resource "aws_db_subnet_group" "calcom" {
  name       = "calcom"
  subnet_ids = aws_subnet.database[*].id
}

resource "aws_db_instance" "calcom" {
  # checkov:skip=CKV_AWS_118: one Cal.com of one consultant; CloudWatch's own figures will do
  # checkov:skip=CKV_AWS_157: an hour without bookings is cheaper than a second database, and backups are kept
  # checkov:skip=CKV_AWS_161: Prisma logs in by password
  # checkov:skip=CKV_AWS_293: protected unless `deletion_protection` is turned off on purpose
  # checkov:skip=CKV_AWS_353: as CKV_AWS_118
  # checkov:skip=CKV2_AWS_30: statements carry what people wrote
  identifier = "calcom"
  engine     = "postgres"
  # From 15 on, RDS takes no connection without TLS unless it is told to.
  engine_version    = "16"
  instance_class    = "db.t4g.micro"
  allocated_storage = 20
  storage_type      = "gp3"
  storage_encrypted = true

  db_name             = "calcom"
  username            = "calcom"
  password_wo         = ephemeral.aws_secretsmanager_secret_version.database_password.secret_string
  password_wo_version = 1

  db_subnet_group_name       = aws_db_subnet_group.calcom.name
  vpc_security_group_ids     = [aws_security_group.database.id]
  publicly_accessible        = false
  auto_minor_version_upgrade = true

  backup_retention_period         = 14
  backup_window                   = "02:00-03:00"
  copy_tags_to_snapshot           = true
  delete_automated_backups        = false
  skip_final_snapshot             = false
  final_snapshot_identifier       = "calcom-final"
  deletion_protection             = var.deletion_protection
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}
