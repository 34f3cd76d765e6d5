WITH w AS (SELECT watermark AS d FROM calendar),
owners AS (  -- who ordered, or ever paid, in the currency
  SELECT DISTINCT customer_id, currency FROM orders UNION SELECT DISTINCT customer_id, currency FROM customer_mrr WHERE mrr > 0),
order_dates AS (  -- several orders of a day are one
  SELECT customer_id, currency, day, count(*) AS orders, sum(net) AS net,
    day > min(day) OVER (PARTITION BY customer_id, currency) AS is_repeat
  FROM orders GROUP BY customer_id, currency, day),
bought AS (
  SELECT customer_id, currency, sum(orders) AS orders, sum(net) AS revenue, min(day) AS first_day, max(day) AS last_day,
    max(day) - min(day) AS recency_days, count(*) FILTER (is_repeat) AS frequency,
    coalesce(CAST(sum(net) FILTER (is_repeat) AS DOUBLE) / 1000000 / nullif(count(*) FILTER (is_repeat), 0), 0) AS monetary,
    (SELECT d FROM w) - min(day) AS age_days
  FROM order_dates GROUP BY customer_id, currency),
scored AS (
  SELECT *,
    1 + 5 * (row_number() OVER (PARTITION BY currency ORDER BY last_day, customer_id) - 1) // count(*) OVER (PARTITION BY currency) AS r_score,
    1 + 5 * (row_number() OVER (PARTITION BY currency ORDER BY frequency, customer_id) - 1) // count(*) OVER (PARTITION BY currency) AS f_score,
    1 + 5 * (row_number() OVER (PARTITION BY currency ORDER BY monetary, customer_id) - 1) // count(*) OVER (PARTITION BY currency) AS m_score
  FROM bought),
paid AS (
  SELECT customer_id, currency, sum(mrr) AS mrr_days, sum(mrr) FILTER (day = (SELECT d FROM w)) AS mrr
  FROM customer_mrr GROUP BY customer_id, currency),
began AS (  -- the first day of the days without a break on which who pays now has paid
  SELECT m.customer_id, m.currency, coalesce((
      SELECT max(b.day) FROM customer_mrr b WHERE b.customer_id = m.customer_id AND b.currency = m.currency AND b.mrr = 0) + 1,
    min(m.day)) AS day
  FROM customer_mrr m GROUP BY m.customer_id, m.currency),
terms AS (  -- of the largest subscription that pays on that first day, ties by id
  SELECT customer_id, currency, CASE s.interval WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 WHEN 'year' THEN 12 END * s.interval_count AS months
  FROM began b JOIN subscription_mrr s USING (customer_id, currency, day) WHERE s.mrr > 0
  QUALIFY row_number() OVER (PARTITION BY customer_id, currency ORDER BY s.mrr DESC, s.subscription_id) = 1),
whole AS (  -- the months that are over: 31 January, 29 February, 31 March
  SELECT customer_id, currency, (SELECT count(*) FROM (SELECT unnest(generate_series(1, 60)) AS n) WHERE day + to_months(CAST(n AS INTEGER)) <= (SELECT d FROM w)) AS months
  FROM began)
SELECT o.customer_id, o.currency, coalesce(b.orders, 0) AS orders, coalesce(money(b.revenue), 0) AS revenue,
  b.first_day AS first_order_date, b.last_day AS last_order_date, b.recency_days, b.frequency, b.monetary, b.age_days,
  b.r_score, b.f_score, b.m_score, coalesce(t.tier, 'unknown') AS value_tier,
  coalesce(money(p.mrr), 0) AS mrr,
  CAST(half_even(coalesce(p.mrr_days, 0) * 12, CAST(36500 AS HUGEINT)) AS DECIMAL(32, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS recurring_revenue,
  coalesce(money(b.revenue), 0)
    + CAST(half_even(coalesce(p.mrr_days, 0) * 12, CAST(36500 AS HUGEINT)) AS DECIMAL(32, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS ltv_historic,
  -- a world has no more than a few customers: no model has enough of them
  CAST(NULL AS DOUBLE) AS probability_alive, CAST(NULL AS DOUBLE) AS expected_orders_90_days, CAST(NULL AS DOUBLE) AS expected_orders_365_days,
  CAST(NULL AS DOUBLE) AS expected_value_90_days, CAST(NULL AS DOUBLE) AS expected_value_365_days,
  CASE WHEN b.orders > 0 THEN 'too_few_customers' END AS orders_model, CASE WHEN b.orders > 0 THEN 'too_few_customers' END AS spending_model,
  CASE WHEN p.mrr > 0 THEN m.months END AS contract_months,
  CASE WHEN p.mrr > 0 THEN coalesce(l.months, 1) END AS term_months, CAST(NULL AS DOUBLE) AS renewal_probability,
  CAST(NULL AS DOUBLE) AS expected_contract_value_90_days, CAST(NULL AS DOUBLE) AS expected_contract_value_365_days,
  CASE WHEN p.mrr > 0 THEN 'too_few_customers' END AS contract_model
FROM owners o LEFT JOIN scored b USING (customer_id, currency) LEFT JOIN paid p USING (customer_id, currency)
LEFT JOIN whole m USING (customer_id, currency) LEFT JOIN terms l USING (customer_id, currency)
LEFT JOIN tiers t ON t.person = o.customer_id AND t.first_of_month = CAST(date_trunc('month', (SELECT d FROM w)) AS DATE)
