# Two zones, as balancer and database want. Cal.com stands where it reaches the world, and only the
# balancer reaches it; the database stands where nothing leads in or out.
locals {
  zones = ["${var.region}a", "${var.region}b"]
}

resource "aws_vpc" "calcom" {
  # checkov:skip=CKV2_AWS_11: one task and one database are behind two security groups
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = "calcom" }
}

# The group that a new network comes with lets nothing through.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.calcom.id
}

resource "aws_internet_gateway" "calcom" {
  vpc_id = aws_vpc.calcom.id
}

resource "aws_subnet" "public" {
  count = 2

  vpc_id            = aws_vpc.calcom.id
  cidr_block        = cidrsubnet(aws_vpc.calcom.cidr_block, 8, count.index)
  availability_zone = local.zones[count.index]
}

resource "aws_subnet" "database" {
  count = 2

  vpc_id            = aws_vpc.calcom.id
  cidr_block        = cidrsubnet(aws_vpc.calcom.cidr_block, 8, 10 + count.index)
  availability_zone = local.zones[count.index]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.calcom.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.calcom.id
  }
}

resource "aws_route_table_association" "public" {
  count = 2

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "balancer" {
  name        = "calcom-balancer"
  description = "Everybody may come in by HTTP and HTTPS"
  vpc_id      = aws_vpc.calcom.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  # checkov:skip=CKV_AWS_260: port 80 answers with a redirect alone
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.balancer.id
  description       = "The world, on ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.key
  to_port           = each.key
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "To Cal.com"
  referenced_security_group_id = aws_security_group.calcom.id
  ip_protocol                  = "tcp"
  from_port                    = 3000
  to_port                      = 3000
}

resource "aws_security_group" "calcom" {
  name        = "calcom"
  description = "Only the balancer reaches Cal.com"
  vpc_id      = aws_vpc.calcom.id
}

resource "aws_vpc_security_group_ingress_rule" "calcom" {
  security_group_id            = aws_security_group.calcom.id
  description                  = "The balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 3000
  to_port                      = 3000
}

resource "aws_vpc_security_group_egress_rule" "calcom" {
  security_group_id = aws_security_group.calcom.id
  description       = "Calendars, mail servers and webhooks are anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_security_group" "database" {
  name        = "calcom-database"
  description = "Only Cal.com reaches the database"
  vpc_id      = aws_vpc.calcom.id
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "Cal.com"
  referenced_security_group_id = aws_security_group.calcom.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}
