variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where everything runs."
  type        = string
  default     = "europe-west9"
}

variable "build" {
  description = "The folder of archives that `make build` wrote."
  type        = string
  default     = "../../build"
}

variable "supabase_url" {
  description = "The Supabase project: its people sign in there, and its Realtime tells browsers."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.supabase_url))
    error_message = "An https origin, without a slash behind it."
  }
}

variable "allowed_origins" {
  description = "The exact origins whose pages may call the functions."
  type        = list(string)

  validation {
    condition     = length(var.allowed_origins) > 0 && alltrue([for o in var.allowed_origins : can(regex("^https://[a-z0-9._-]+(:[0-9]+)?$", o))])
    error_message = "At least one, each an https origin without a path, and never *."
  }
}

variable "app_url" {
  description = "The pages, where links in e-mails and calendars lead."
  type        = string
}

variable "calcom_url" {
  description = "The operator's booking page in Cal.com."
  type        = string
}

variable "calcom_api_url" {
  description = "Cal.com's API, ending in its version."
  type        = string
}

variable "room" {
  description = "ROOM_PROVIDER, and its settings that are no secrets (LIVEKIT_URL and LIVEKIT_API_KEY, …)."
  type = object({
    provider    = string
    environment = map(string)
  })

  validation {
    condition     = contains(["livekit", "jitsi", "link"], var.room.provider)
    error_message = "livekit, jitsi or link."
  }
}

variable "mail_from" {
  description = "The sender of e-mails. SMTP_URL, which sends them, is a secret."
  type        = string
}

variable "vapid" {
  description = "Web push: the public half of the key, and whom a push service writes to (mailto:…)."
  type = object({
    public_key = string
    subject    = string
  })

  validation {
    condition     = can(regex("^(mailto:[^[:space:]@]+@|https://)[0-9A-Za-z_-]+(\\.[0-9A-Za-z_-]+)+$", var.vapid.subject))
    error_message = "The subject is mailto:somebody@host, or https://host."
  }
}

variable "rules" {
  description = "The house's own rules, such as BUFFER_MINUTES; what is not set has its default."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setsubtract(keys(var.rules), [
      "BUFFER_MINUTES", "CALCOM_API_VERSION", "CALCOM_BINDING", "CALCOM_HEALTH_URL",
      "LOBBY_OPENS_MINUTES", "MAX_OPEN_REQUESTS", "MINIMUM_NOTICE_MINUTES", "RATE_LIMIT_FACTOR",
      "SWEEP_GRACE_MINUTES", "WEB_PUSH_HOSTS",
    ])) == 0
    error_message = "A variable that is no rule: the README's table of settings names them."
  }

  # What the functions would refuse to start with.
  validation {
    condition = alltrue([
      for name, value in var.rules :
      endswith(name, "_MINUTES") ? can(regex("^[0-9]+$", value)) && try(tonumber(value) <= 1440, false) :
      contains(["MAX_OPEN_REQUESTS", "RATE_LIMIT_FACTOR"], name) ? can(regex("^[1-9][0-9]*$", value)) : true
    ])
    error_message = "Minutes are from 0 to 1440, MAX_OPEN_REQUESTS and RATE_LIMIT_FACTOR 1 or more."
  }
}

variable "without" {
  description = "Functions that are not deployed, such as those of Cal.com where there is none."
  type        = set(string)
  default     = []
}

variable "cloud_sql" {
  description = "Whether to keep the database in a Cloud SQL of this project's own, not in Supabase."
  type        = bool
  default     = false
}

variable "cloud_sql_tier" {
  description = "The size of that Cloud SQL."
  type        = string
  default     = "db-custom-1-3840"
}

variable "database_ca" {
  description = "The file of the authority that signed the database's certificate (PEM), where it is not a public one: Supabase has it under Database settings. Cloud SQL's is found by itself."
  type        = string
  default     = null
}

variable "max_connections" {
  description = "How many clients the database, or the pooler in front of it, takes at a time."
  type        = number
  default     = 200
}

variable "alert_email" {
  description = "Who is told when something is wrong."
  type        = string
}
