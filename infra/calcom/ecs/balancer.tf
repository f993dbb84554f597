resource "aws_lb" "calcom" {
  # checkov:skip=CKV_AWS_91: Cal.com's own log has its requests
  # checkov:skip=CKV_AWS_150: protected unless `deletion_protection` is turned off on purpose
  # checkov:skip=CKV2_AWS_28: a firewall costs more than all the rest
  name                       = "calcom"
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.balancer.id]
  subnets                    = aws_subnet.public[*].id
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
}

resource "aws_lb_target_group" "calcom" {
  # checkov:skip=CKV_AWS_378: Cal.com speaks HTTP; TLS ends at the balancer, in the same network
  name        = "calcom"
  port        = 3000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.calcom.id

  # Cal.com has no page for this; its version exists, and needs no sign-in.
  health_check {
    path                = "/api/version"
    matcher             = "200"
    interval            = 30
    timeout             = 10
    healthy_threshold   = 2
    unhealthy_threshold = 5
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.calcom.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.calcom.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.calcom.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
