output "url" {
  description = "Where Cal.com is: the head of the functions' calcom_url."
  value       = local.url
}

output "address" {
  description = "What the domain's record must lead to (a CNAME)."
  value       = aws_lb.calcom.dns_name
}
