WITH paid AS (SELECT * FROM subscription_mrr WHERE mrr > 0),
terms AS (SELECT DISTINCT subscription_id, customer_id, currency, due FROM terms_begun WHERE due <= (SELECT watermark FROM calendar)),
standing AS (
  SELECT t.*,
    (SELECT arg_max(p.mrr, p.day) FROM paid p WHERE p.subscription_id = t.subscription_id AND p.customer_id = t.customer_id
      AND p.currency = t.currency AND p.day < t.due) AS mrr_due,
    (SELECT max(p.day) FROM paid p WHERE p.subscription_id = t.subscription_id AND p.customer_id = t.customer_id
      AND p.currency = t.currency AND p.day < t.due) AS paid_day,
    -- a late payment is waited for until it is paid or given up
    (SELECT min(d.day) FROM days d WHERE d.day >= t.due AND NOT EXISTS (
      SELECT 1 FROM paid p WHERE p.subscription_id = t.subscription_id AND p.customer_id = t.customer_id
      AND p.currency = t.currency AND p.day = d.day AND p.status = 'past_due')) AS settled
  FROM terms t),
outcomes AS (
  SELECT s.*, coalesce((SELECT p.mrr FROM paid p WHERE p.subscription_id = s.subscription_id AND p.customer_id = s.customer_id
    AND p.currency = s.currency AND p.day = s.settled), 0) AS mrr_now
  FROM standing s),
booked AS (
  SELECT o.due AS day, customer_id, currency, false AS is_converted, paid_day, settled, mrr_due, mrr_now, CAST(1 AS HUGEINT) AS rate FROM outcomes o
  UNION ALL
  SELECT o.due, customer_id, (SELECT reporting_currency FROM rules), true, paid_day, settled, mrr_due, mrr_now, r.rate
  FROM outcomes o JOIN rates r ON r.currency = o.currency AND r.day = o.due),
sums AS (
  SELECT b.day, b.currency, b.is_converted, s.segment, s.segment_value,
    count(*) AS terms_due,
    count(*) FILTER (settled IS NOT NULL AND mrr_now > 0) AS terms_renewed,
    count(*) FILTER (settled IS NOT NULL AND mrr_now = 0) AS terms_lost,
    count(*) FILTER (settled IS NULL) AS terms_pending,
    sum(mrr_due * rate) AS mrr_due,
    coalesce(sum(least(mrr_due, mrr_now) * rate) FILTER (settled IS NOT NULL), 0) AS mrr_renewed
  FROM booked b JOIN segment_days s ON s.basis = 'subscription' AND s.person = b.customer_id AND s.day = b.paid_day
  GROUP BY ALL),
rounded AS (
  SELECT * REPLACE (
    money(CASE WHEN is_converted THEN reported(mrr_due) ELSE mrr_due END) AS mrr_due,
    money(CASE WHEN is_converted THEN reported(mrr_renewed) ELSE mrr_renewed END) AS mrr_renewed)
  FROM sums),
whole AS (
  SELECT k.day AS date, k.currency, k.is_converted, k.segment, k.segment_value,
    coalesce(terms_due, 0) AS terms_due, coalesce(terms_renewed, 0) AS terms_renewed, coalesce(terms_lost, 0) AS terms_lost,
    coalesce(terms_pending, 0) AS terms_pending, coalesce(mrr_due, 0) AS mrr_due, coalesce(mrr_renewed, 0) AS mrr_renewed
  FROM money_key_days k
  LEFT JOIN rounded r ON r.day = k.day AND r.currency = k.currency AND r.is_converted = k.is_converted
    AND r.segment = k.segment AND r.segment_value = k.segment_value
  WHERE k.basis = 'subscription')
SELECT date, currency, is_converted, segment, segment_value, terms_due, terms_renewed, terms_lost, terms_pending,
  CASE WHEN terms_pending = 0 THEN ratio(terms_renewed, terms_due) END AS renewal_rate,
  mrr_due, mrr_renewed,
  CASE WHEN terms_pending = 0 THEN ratio(mrr_renewed, mrr_due) END AS revenue_renewal_rate,
  terms_pending = 0 AS is_complete
FROM whole
