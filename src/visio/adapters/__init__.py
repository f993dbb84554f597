"""The outside world: PostgreSQL, Pub/Sub, Realtime, Cal.com, the video rooms."""
