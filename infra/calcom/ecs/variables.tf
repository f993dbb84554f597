variable "region" {
  description = "Where everything runs."
  type        = string
  default     = "eu-west-3"
}

variable "image" {
  description = "Cal.com's image, by digest: the README beside says which."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "By digest (…@sha256:…): a tag may lead elsewhere tomorrow."
  }
}

variable "domain" {
  description = "The name under which Cal.com is reached, such as rendez-vous.example.com."
  type        = string
}

variable "email" {
  description = "Who sends Cal.com's e-mails, and through which server. Its password is a secret."
  type = object({
    from = string
    host = string
    port = number
    user = string
  })
}

variable "certificate_arn" {
  description = "The certificate for that name, in the same region."
  type        = string
}

variable "deletion_protection" {
  description = "Whether database and balancer refuse to be destroyed. Say no only to take all down."
  type        = bool
  default     = true
}
