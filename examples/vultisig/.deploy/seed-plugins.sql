-- Run on every deploy: in one transaction, so that nobody sees the table empty, and by deleting first, because a unique
-- constraint would not hold while frequency is NULL.
BEGIN;
DELETE FROM pricings WHERE plugin_id = 'vultisig-dca-0000';
INSERT INTO pricings (type, frequency, amount, asset, metric, plugin_id, created_at, updated_at)
VALUES
  ('once', NULL, 0, 'usdc', 'fixed', 'vultisig-dca-0000', NOW(), NOW()),
  ('per-tx', NULL, 0, 'usdc', 'fixed', 'vultisig-dca-0000', NOW(), NOW());
COMMIT;
