WITH attempts AS (  -- the latest version of each attempt, up to the watermark; an invoice is its id, else what shares customer, subscription and amount
  SELECT r.*, millionths(r.amount) AS cents, CASE WHEN invoice_id IS NOT NULL THEN 'i' || invoice_id
    ELSE 'o' || coalesce(subscription_id, '') || '/' || amount END AS subject
  FROM raw_payments r
  WHERE day <= (SELECT watermark FROM calendar) AND NOT EXISTS (
    SELECT 1 FROM raw_payments o WHERE o.payment_id = r.payment_id
    AND version(o.updated_at, o.file, o.line) > version(r.updated_at, r.file, r.line))),
span AS (  -- payments may begin before anything else
  SELECT CAST(unnest(generate_series((SELECT min(day) FROM attempts), watermark, INTERVAL 1 DAY)) AS DATE) AS day FROM calendar),
ordered AS (
  SELECT *, lag(status) OVER w AS status_before, lag(day) OVER w AS day_before
  FROM attempts
  WINDOW w AS (PARTITION BY customer_id, currency, subject ORDER BY instant, day, payment_id)),
numbered AS (  -- without an id, a success, an attempt numbered 1 or a long pause begins another
  SELECT *, sum(CASE WHEN invoice_id IS NULL AND (status_before = 'succeeded' OR (status_before IS NOT NULL AND attempt = 1)
      OR day > day_before + 30) THEN 1 ELSE 0 END)
    OVER (PARTITION BY customer_id, currency, subject ORDER BY instant, day, payment_id) AS number
  FROM ordered),
firsts AS (
  SELECT * FROM numbered
  QUALIFY row_number() OVER (PARTITION BY customer_id, currency, subject, number ORDER BY instant, day, payment_id) = 1),
payments AS (
  SELECT f.customer_id, f.currency, f.day, f.cents, f.status = 'failed' AS is_failed, (
    SELECT arg_min(n.cents, (n.instant, n.day, n.payment_id)) FROM numbered n
    WHERE f.status = 'failed' AND n.customer_id = f.customer_id AND n.currency = f.currency AND n.subject = f.subject
      AND n.number = f.number AND n.status = 'succeeded') AS collected, (
    SELECT arg_min(n.day, (n.instant, n.day, n.payment_id)) FROM numbered n
    WHERE f.status = 'failed' AND n.customer_id = f.customer_id AND n.currency = f.currency AND n.subject = f.subject
      AND n.number = f.number AND n.status = 'succeeded') AS collected_day
  FROM firsts f),
known AS (SELECT person, min(day) AS day FROM facts WHERE basis <> 'user' GROUP BY person),
payer_days AS (
  SELECT p.customer_id, d.day, k.day IS NOT NULL AND k.day <= d.day AS is_known
  FROM (SELECT customer_id, min(day) AS day FROM payments GROUP BY customer_id) p
  JOIN span d ON d.day >= p.day
  LEFT JOIN known k ON k.person = p.customer_id),
valued AS (  -- the segments of the subscription basis; of customers nobody else has named yet, those of nobody
  SELECT customer_id, day, 'all' AS segment, 'all' AS segment_value FROM payer_days
  UNION ALL
  SELECT p.customer_id, p.day, 'acquisition_channel', CASE WHEN is_known THEN o.acquisition_channel ELSE 'unknown' END
  FROM payer_days p LEFT JOIN origins o ON o.kind = 'customer' AND o.person = p.customer_id
  WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'channel')
  UNION ALL
  SELECT p.customer_id, p.day, 'country', CASE WHEN is_known THEN o.country ELSE 'unknown' END
  FROM payer_days p LEFT JOIN origins o ON o.kind = 'customer' AND o.person = p.customer_id
  WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'country')
  UNION ALL
  SELECT p.customer_id, p.day, 'tenure', CASE WHEN f.day + 90 <= p.day THEN 'established' ELSE 'new' END
  FROM payer_days p LEFT JOIN first_active f ON f.basis = 'subscription' AND f.person = p.customer_id
  UNION ALL
  SELECT p.customer_id, p.day, 'plan', coalesce(l.plan, 'none')
  FROM payer_days p LEFT JOIN plan_days l ON l.customer_id = p.customer_id AND l.day = p.day
  WHERE EXISTS (SELECT 1 FROM sources WHERE name = 'subscriptions')
  UNION ALL
  SELECT p.customer_id, p.day, 'value_tier', coalesce(t.tier, 'unknown')
  FROM payer_days p LEFT JOIN tiers t ON t.person = p.customer_id AND t.first_of_month = CAST(date_trunc('month', p.day) AS DATE)
  WHERE EXISTS (SELECT 1 FROM sources WHERE name IN ('orders', 'subscriptions'))),
booked AS (
  SELECT p.*, false AS is_converted, CAST(1 AS HUGEINT) AS rate FROM payments p
  UNION ALL
  SELECT p.* REPLACE ((SELECT reporting_currency FROM rules) AS currency), true,
    CASE WHEN p.currency = (SELECT reporting_currency FROM rules) THEN CAST(10000000000 AS HUGEINT) ELSE (
      SELECT CAST(CAST(f.rate AS DECIMAL(20, 10)) * CAST(10000000000 AS DECIMAL(11, 0)) AS HUGEINT) FROM raw_fx_rates f
      WHERE f.currency = p.currency AND f.day <= p.day ORDER BY f.day DESC LIMIT 1) END
  FROM payments p WHERE (SELECT reporting_currency FROM rules) IS NOT NULL),
flagged AS (SELECT *, is_failed AND coalesce(collected_day <= day + 30, false) AS is_recovered FROM booked),
sums AS (
  SELECT b.day, b.currency, b.is_converted, v.segment, v.segment_value,
    count(*) AS attempts, count(*) FILTER (is_failed) AS failed, count(*) FILTER (is_recovered) AS recovered,
    sum(cents * rate) AS due, coalesce(sum(cents * rate) FILTER (is_failed), 0) AS missed,
    coalesce(sum(least(cents, collected) * rate) FILTER (is_recovered), 0) AS back
  FROM flagged b JOIN valued v ON v.customer_id = b.customer_id AND v.day = b.day
  GROUP BY ALL),
rounded AS (
  SELECT * REPLACE (
    money(CASE WHEN is_converted THEN reported(due) ELSE due END) AS due,
    money(CASE WHEN is_converted THEN reported(missed) ELSE missed END) AS missed,
    money(CASE WHEN is_converted THEN reported(back) ELSE back END) AS back)
  FROM sums),
keys AS (
  SELECT currency, is_converted, segment, segment_value, min(v.day) AS first_day
  FROM (SELECT customer_id, currency, is_converted, min(day) AS day FROM booked GROUP BY ALL) b
  JOIN valued v ON v.customer_id = b.customer_id AND v.day >= b.day
  GROUP BY ALL),
whole AS (
  SELECT d.day AS date, k.currency, k.is_converted, k.segment, k.segment_value,
    coalesce(attempts, 0) AS attempts, coalesce(failed, 0) AS failed, coalesce(recovered, 0) AS recovered,
    coalesce(due, 0) AS amount_due, coalesce(missed, 0) AS amount_failed, coalesce(back, 0) AS amount_recovered,
    d.day + 30 <= (SELECT watermark FROM calendar) AS is_complete
  FROM keys k JOIN span d ON d.day >= k.first_day
  LEFT JOIN rounded r ON r.day = d.day AND r.currency = k.currency AND r.is_converted = k.is_converted
    AND r.segment = k.segment AND r.segment_value = k.segment_value)
SELECT date, currency, is_converted, segment, segment_value, attempts, failed, recovered, amount_due, amount_failed, amount_recovered,
  ratio(failed, attempts) AS failure_rate,
  CASE WHEN is_complete THEN ratio(recovered, failed) END AS recovery_rate,
  CASE WHEN is_complete THEN ratio(amount_recovered, amount_failed) END AS amount_recovery_rate,
  is_complete
FROM whole
