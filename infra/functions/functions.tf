# Every function, once. Its door says who calls, its needs are the groups of src/visio/settings.py
# (NEEDS). The folders of functions/ and what each page declares are compared with this by tests.
locals {
  functions = {
    admit_clients      = { door = "user", needs = ["bus"] }
    answer_proposal    = { door = "user", needs = ["bus"] }
    booking_link       = { door = "user", needs = ["booking"] }
    calcom_webhook     = { door = "calcom", needs = ["booking", "bus"] }
    calendar_feed      = { door = "anyone", needs = ["app"] }
    calendar_file      = { door = "user", needs = ["app"] }
    calendar_link      = { door = "user", needs = ["links"] }
    cancel_meeting     = { door = "user", needs = ["bus"] }
    complete_meetings  = { door = "scheduler", needs = ["bus"] }
    decide_request     = { door = "user", needs = ["bus"] }
    join_meeting       = { door = "user", needs = ["rooms"] }
    list_clients       = { door = "user", needs = [] }
    list_meetings      = { door = "user", needs = [] }
    list_notifications = { door = "user", needs = [] }
    list_quarantine    = { door = "user", needs = [] }
    list_requests      = { door = "user", needs = [] }
    livekit_webhook    = { door = "livekit", needs = ["bus"] }
    lobby_message      = { door = "user", needs = ["bus"] }
    lobby_signal       = { door = "user", needs = ["bus"] }
    lobby_state        = { door = "user", needs = [] }
    mail_preferences   = { door = "anyone", needs = ["links"] }
    push_subscription  = { door = "user", needs = ["web push"] }
    read_notifications = { door = "user", needs = [] }
    reconcile_calcom   = { door = "scheduler", needs = ["booking", "bus", "calcom_api"] }
    relay_signal       = { door = "push", needs = ["realtime"] }
    request_meeting    = { door = "user", needs = ["bus"] }
    resolve_quarantine = { door = "user", needs = ["bus"] }
    run_room_order     = { door = "push", needs = ["livekit", "room orders", "bus"] }
    send_mail          = { door = "push", needs = ["mail", "links", "bus"] }
    send_push          = { door = "push", needs = ["web push sender", "bus"] }
    waiting_room       = { door = "user", needs = [] }
    who_am_i           = { door = "user", needs = [] }
  }

  # Threads of one instance (each has a database connection), instances, and memory.
  usual = { concurrency = 2, instances = 2, memory = "256Mi" }
  sizes = {
    calcom_webhook = { concurrency = 4, instances = 2, memory = "256Mi" }
    lobby_signal   = { concurrency = 4, instances = 2, memory = "256Mi" }
    lobby_state    = { concurrency = 4, instances = 3, memory = "256Mi" }
    relay_signal   = { concurrency = 4, instances = 2, memory = "256Mi" }
    send_mail      = { concurrency = 2, instances = 2, memory = "512Mi" }
    # One sweep at a time is enough; two must not hurt.
    complete_meetings = { concurrency = 1, instances = 2, memory = "256Mi" }
    reconcile_calcom  = { concurrency = 1, instances = 2, memory = "256Mi" }
  }

  # What each door asks for, and whether the whole world may knock at it.
  doors = {
    user      = { public = true, needs = ["database", "users", "browser"] }
    anyone    = { public = true, needs = ["database", "browser"] }
    calcom    = { public = true, needs = ["database", "calcom"] }
    livekit   = { public = true, needs = ["database", "livekit"] }
    push      = { public = false, needs = ["database", "push"] }
    scheduler = { public = false, needs = ["database", "scheduler"] }
  }

  # Only LiveKit's server takes orders and tells of its rooms.
  livekit_only = var.room.provider == "livekit" ? [] : ["livekit_webhook", "run_room_order"]

  deployed = {
    for name, function in local.functions : name => {
      slug   = replace(name, "_", "-")
      door   = function.door
      public = local.doors[function.door].public
      size   = try(local.sizes[name], local.usual)
      needs = [
        for group in concat(local.doors[function.door].needs, function.needs) :
        group == "rooms" ? var.room.provider : group
      ]
    } if !contains(concat(tolist(var.without), local.livekit_only), name)
  }

  # A function's public address, and the audience of the tokens that Google's services bring.
  base = "https://${var.region}-${var.project}.cloudfunctions.net"

  settings = {
    bus = merge({
      PUBSUB_PROJECT = var.project
      PUBSUB_TOPIC   = "lobby-signals"
      ROOM_PROVIDER  = var.room.provider
      },
      contains(keys(local.topics), "mails") ? { MAIL_TOPIC = "mails" } : {},
      contains(keys(local.topics), "room-orders") ? { ROOM_TOPIC = "room-orders" } : {},
    )
    pushes            = contains(keys(local.topics), "web-pushes") ? { WEB_PUSH_TOPIC = "web-pushes" } : {}
    browser           = { ALLOWED_ORIGINS = join(",", var.allowed_origins) }
    users             = { SUPABASE_JWKS_URL = "${var.supabase_url}/auth/v1/.well-known/jwks.json" }
    booking           = { CALCOM_URL = var.calcom_url }
    calcom_api        = { CALCOM_API_URL = var.calcom_api_url }
    app               = { APP_URL = var.app_url }
    links             = { APP_URL = var.app_url, FUNCTIONS_URL = local.base }
    mail              = { MAIL_FROM = var.mail_from, MAIL_PUSH_SUBSCRIPTION = local.subscriptions["mails"] }
    livekit           = merge({ ROOM_PROVIDER = "livekit" }, var.room.environment)
    jitsi             = merge({ ROOM_PROVIDER = "jitsi" }, var.room.environment)
    link              = merge({ ROOM_PROVIDER = "link" }, var.room.environment)
    realtime          = { REALTIME_URL = "${var.supabase_url}/realtime/v1" }
    "room orders"     = { ROOM_PUSH_SUBSCRIPTION = local.subscriptions["room-orders"] }
    "web push"        = { VAPID_PUBLIC_KEY = var.vapid.public_key }
    "web push sender" = { VAPID_SUBJECT = var.vapid.subject, WEB_PUSH_SUBSCRIPTION = local.subscriptions["web-pushes"] }
  }

  environment = {
    for name, function in local.deployed : name => merge(
      # The project's name is what the log's lines name their trace by.
      { THREADS = tostring(function.size.concurrency), GOOGLE_CLOUD_PROJECT = var.project },
      merge([for group in function.needs : try(local.settings[group], {})]...),
      name == "complete_meetings" ? local.settings.pushes : {},
      function.door == "push" ? {
        PUSH_AUDIENCE        = "${local.base}/${function.slug}"
        PUSH_SERVICE_ACCOUNT = google_service_account.caller["push"].email
        PUSH_SUBSCRIPTION    = local.subscriptions["lobby-signals"]
      } : {},
      function.door == "scheduler" ? {
        SCHEDULER_AUDIENCE        = "${local.base}/${function.slug}"
        SCHEDULER_SERVICE_ACCOUNT = google_service_account.caller["scheduler"].email
      } : {},
      var.rules,
    )
  }
}

# As whom each function runs: an account of its own, with nothing that the others have.
resource "google_service_account" "function" {
  for_each = local.deployed

  account_id   = "fn-${each.value.slug}"
  display_name = "Foxeo visio: ${each.value.slug}"
}

resource "google_cloudfunctions2_function" "function" {
  # checkov:skip=CKV_GCP_124: browsers, Cal.com and LiveKit are outside; all others are closed to it
  for_each = local.deployed

  name     = each.value.slug
  location = var.region

  build_config {
    runtime         = "python313"
    entry_point     = each.key
    service_account = google_service_account.builder.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.archive[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_memory                 = each.value.size.memory
    available_cpu                    = "1"
    max_instance_request_concurrency = each.value.size.concurrency
    max_instance_count               = each.value.size.instances
    timeout_seconds                  = 60
    # Pub/Sub and the scheduler come from inside; a browser, Cal.com and LiveKit do not.
    ingress_settings              = each.value.public ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    environment_variables         = local.environment[each.key]
    vpc_connector                 = var.cloud_sql ? google_vpc_access_connector.database[0].id : null
    vpc_connector_egress_settings = var.cloud_sql ? "PRIVATE_RANGES_ONLY" : null

    dynamic "secret_environment_variables" {
      for_each = local.mounted[each.key]

      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = google_secret_manager_secret.secret[secret_environment_variables.value].secret_id
        version    = "latest"
      }
    }

    dynamic "secret_volumes" {
      for_each = local.authority == 1 ? ["/etc/visio"] : []

      content {
        mount_path = secret_volumes.value
        project_id = var.project
        secret     = google_secret_manager_secret.authority[0].secret_id

        versions {
          version = google_secret_manager_secret_version.authority[0].version
          path    = "database-ca.pem"
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = local.connections <= 0.8 * var.max_connections
      error_message = "All instances together may open ${local.connections} connections, which is more than 0.8 × max_connections: raise it, or lower the sizes."
    }
  }

  depends_on = [
    google_project_service.needed,
    google_project_iam_member.builder,
    google_secret_manager_secret_iam_member.function,
    google_secret_manager_secret_iam_member.authority,
  ]
}

# Who may call: everybody where a door of ours checks tokens and signatures, else one service alone.
resource "google_cloud_run_service_iam_member" "public" {
  # checkov:skip=CKV_GCP_102: these check a user's token, a signature or a secret link themselves
  for_each = { for name, function in local.deployed : name => function if function.public }

  location = var.region
  service  = google_cloudfunctions2_function.function[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_service_account" "caller" {
  for_each = toset(["push", "scheduler"])

  account_id   = "call-${each.key}"
  display_name = "Foxeo visio: calls private functions as ${each.key}"
}

resource "google_cloud_run_service_iam_member" "private" {
  for_each = { for name, function in local.deployed : name => function if !function.public }

  location = var.region
  service  = google_cloudfunctions2_function.function[each.key].name
  role     = "roles/run.invoker"
  member   = "serviceAccount:${google_service_account.caller[each.value.door].email}"
}
