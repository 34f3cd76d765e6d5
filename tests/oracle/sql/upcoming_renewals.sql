SELECT m.subscription_id, m.customer_id, m.currency, c.watermark AS as_of, t.due AS due_date, t.due - c.watermark AS days_left,
  m.plan, money(m.mrr) AS mrr, m.status = 'past_due' AS is_past_due, h.health_score, h.reasons
FROM calendar c
JOIN subscription_mrr m ON m.day = c.watermark AND m.mrr > 0
JOIN (  -- the next day on which one of its terms comes due
  SELECT subscription_id, customer_id, currency, min(due) AS due FROM terms_begun, calendar WHERE due > watermark GROUP BY ALL) t
  ON t.subscription_id = m.subscription_id AND t.customer_id = m.customer_id AND t.currency = m.currency
LEFT JOIN customer_health h ON h.customer_id = m.customer_id
