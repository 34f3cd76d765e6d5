SELECT m.day AS date, m.customer_id, m.currency, m.movement,
  money(m.before) AS mrr_before, money(m.after) AS mrr_after, money(m.after - m.before) AS amount,
  CASE WHEN m.movement = 'churn' THEN e.plan ELSE (
    SELECT s.plan FROM subscription_mrr s
    WHERE s.day = m.day AND s.customer_id = m.customer_id AND s.currency = m.currency AND s.mrr > 0
    GROUP BY s.plan ORDER BY sum(s.mrr) DESC, coalesce(s.plan, 'unknown') LIMIT 1) END AS plan,
  e.churn_type, e.churn_reason
FROM movements m
LEFT JOIN (
  SELECT * FROM subscription_ends
  QUALIFY row_number() OVER (PARTITION BY day, customer_id, currency ORDER BY mrr DESC, subscription_id) = 1) e
  ON m.movement = 'churn' AND e.day = m.day AND e.customer_id = m.customer_id AND e.currency = m.currency
