output "url" {
  description = "Where Cal.com is: the head of the functions' calcom_url."
  value       = local.url
}

output "address" {
  description = "What the domain's record must lead to (a CNAME)."
  value       = "ghs.googlehosted.com"
}

output "database_host" {
  description = "The database's private address, for calcom-database-url."
  value       = google_sql_database_instance.calcom.private_ip_address
}
