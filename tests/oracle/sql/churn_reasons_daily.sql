WITH losses AS (  -- customers whose span ended, and every churn movement with what it was worth
  SELECT basis, person, day, churn_type, churn_reason, 1 AS lost, CAST(NULL AS DECIMAL(36, 4)) AS worth FROM span_ends
  UNION ALL
  SELECT 'subscription', m.customer_id, m.day, e.churn_type, e.churn_reason, 0,
    money(CASE WHEN (SELECT reporting_currency FROM rules) IS NULL THEN m.before ELSE reported(m.before * r.rate) END)
  FROM movements m
  JOIN (SELECT * FROM subscription_ends
        QUALIFY row_number() OVER (PARTITION BY day, customer_id, currency ORDER BY mrr DESC, subscription_id) = 1) e
    ON e.day = m.day AND e.customer_id = m.customer_id AND e.currency = m.currency
  LEFT JOIN rates r ON r.currency = m.currency AND r.day = m.day
  WHERE m.movement = 'churn'),
sums AS (
  SELECT l.basis, l.day, l.churn_type, coalesce(l.churn_reason, 'unknown') AS churn_reason, s.segment, s.segment_value,
    sum(lost) AS customers_lost, coalesce(sum(worth), 0) AS worth
  FROM losses l
  JOIN segment_days s ON s.basis = l.basis AND s.person = l.person AND s.day = l.day - 1
  GROUP BY ALL)
SELECT basis, day AS date, churn_type, churn_reason, segment, segment_value, customers_lost,
  CASE WHEN basis <> 'subscription' THEN NULL
       WHEN (SELECT reporting_currency FROM rules) IS NULL
         AND (SELECT count(DISTINCT currency) FROM customer_mrr c WHERE c.mrr > 0 AND c.day <= sums.day) > 1 THEN NULL
       ELSE worth END AS mrr_lost
FROM sums
