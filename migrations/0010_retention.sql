-- Answers that are kept for a time go the oldest first.
create index idempotency_oldest on idempotency (created_at);
