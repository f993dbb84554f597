output "functions_url" {
  description = "What the pages call: <functions_url>/request-meeting, and so on."
  value       = local.base
}

output "calcom_webhook_url" {
  description = "The subscriber URL of Cal.com's webhook."
  value       = contains(keys(local.deployed), "calcom_webhook") ? "${local.base}/calcom-webhook" : null
}

output "livekit_webhook_url" {
  description = "Where LiveKit's server tells of its rooms."
  value       = contains(keys(local.deployed), "livekit_webhook") ? "${local.base}/livekit-webhook" : null
}

output "secrets" {
  description = "The secrets that need a value before the functions can be deployed, without the logins."
  value       = sort([for secret in keys(google_secret_manager_secret.secret) : secret if !startswith(secret, "database-url-")])
}

output "connection_limits" {
  description = "How many connections each function's login may hold: what `make logins` reads."
  value       = { for name, function in local.deployed : name => function.size.concurrency * function.size.instances }

  # An apply of some targets tells only what depends on nothing else, and on something.
  depends_on = [google_secret_manager_secret.secret]
}

output "connections" {
  description = "How many connections all instances together may open."
  value       = local.connections
}

output "database_host" {
  description = "The name of the Cloud SQL server, where there is one."
  value       = var.cloud_sql ? trimsuffix(google_sql_database_instance.visio[0].dns_name, ".") : null
}
