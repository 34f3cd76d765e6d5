WITH openings AS (  -- both ends of each day of each (customer, currency), valued at each end
  SELECT n.day, n.customer_id, n.currency, coalesce(b.mrr, 0) AS opening, n.mrr AS closing, m.movement,
    e.segment, e.segment_value AS value_now, coalesce(v.segment_value, e.segment_value) AS value_before
  FROM customer_mrr n
  LEFT JOIN customer_mrr b ON b.customer_id = n.customer_id AND b.currency = n.currency AND b.day = n.day - 1
  LEFT JOIN movements m ON m.customer_id = n.customer_id AND m.currency = n.currency AND m.day = n.day
  JOIN segment_days e ON e.basis = 'subscription' AND e.person = n.customer_id AND e.day = n.day
  LEFT JOIN segment_days v ON v.basis = 'subscription' AND v.person = n.customer_id AND v.day = n.day - 1 AND v.segment = e.segment),
entries AS (  -- every amount once, under the value it is booked in
  SELECT day, customer_id, currency, segment, value_before AS segment_value, 'opening' AS entry, opening AS amount FROM openings
  UNION ALL SELECT day, customer_id, currency, segment, value_now, 'closing', closing FROM openings
  UNION ALL SELECT day, customer_id, currency, segment, value_now, movement, abs(closing - opening) FROM openings WHERE movement <> 'churn'
  UNION ALL SELECT day, customer_id, currency, segment, value_before, 'churn', opening FROM openings WHERE movement = 'churn'
  UNION ALL SELECT day, customer_id, currency, segment, value_now, 'entering', opening FROM openings WHERE value_now <> value_before AND closing > 0
  UNION ALL SELECT day, customer_id, currency, segment, value_before, 'leaving', opening FROM openings WHERE value_now <> value_before AND closing > 0),
booked AS (  -- as it is, and in the reporting currency: openings at yesterday's rate, all else at today's
  SELECT day, customer_id, currency, false AS is_converted, segment, segment_value, entry, amount, amount > 0 AS is_positive FROM entries
  UNION ALL
  SELECT e.day, e.customer_id, (SELECT reporting_currency FROM rules), true, e.segment, e.segment_value, e.entry,
    e.amount * r.rate, e.amount > 0
  FROM entries e
  JOIN rates r ON r.currency = e.currency AND r.day = CASE e.entry WHEN 'opening' THEN e.day - 1 ELSE e.day END),
sums AS (
  SELECT day, currency, is_converted, segment, segment_value,
    sum(amount) FILTER (entry = 'opening') AS mrr_opening,
    sum(amount) FILTER (entry = 'new') AS mrr_new,
    sum(amount) FILTER (entry = 'reactivation') AS mrr_reactivation,
    sum(amount) FILTER (entry = 'expansion') AS mrr_expansion,
    sum(amount) FILTER (entry = 'contraction') AS mrr_contraction,
    sum(amount) FILTER (entry = 'churn') AS mrr_churned,
    sum(amount) FILTER (entry = 'entering') AS mrr_entering,
    sum(amount) FILTER (entry = 'leaving') AS mrr_leaving,
    sum(amount) FILTER (entry = 'closing') AS mrr_closing,
    count(DISTINCT customer_id) FILTER (entry = 'closing' AND is_positive) AS customers_paying,
    count(DISTINCT customer_id) FILTER (entry = 'new') AS customers_new,
    count(DISTINCT customer_id) FILTER (entry = 'reactivation') AS customers_reactivated,
    count(DISTINCT customer_id) FILTER (entry = 'churn') AS customers_churned
  FROM booked GROUP BY ALL),
rounded AS (
  SELECT k.day, k.currency, k.is_converted, k.segment, k.segment_value,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_opening) ELSE mrr_opening END, 0) AS mrr_opening,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_new) ELSE mrr_new END, 0) AS mrr_new,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_reactivation) ELSE mrr_reactivation END, 0) AS mrr_reactivation,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_expansion) ELSE mrr_expansion END, 0) AS mrr_expansion,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_contraction) ELSE mrr_contraction END, 0) AS mrr_contraction,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_churned) ELSE mrr_churned END, 0) AS mrr_churned,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_entering) ELSE mrr_entering END, 0) AS mrr_entering,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_leaving) ELSE mrr_leaving END, 0) AS mrr_leaving,
    coalesce(CASE WHEN k.is_converted THEN reported(mrr_closing) ELSE mrr_closing END, 0) AS mrr_closing,
    coalesce(customers_paying, 0) AS customers_paying, coalesce(customers_new, 0) AS customers_new,
    coalesce(customers_reactivated, 0) AS customers_reactivated, coalesce(customers_churned, 0) AS customers_churned
  FROM money_key_days k
  LEFT JOIN sums s ON s.day = k.day AND s.currency = k.currency AND s.is_converted = k.is_converted
    AND s.segment = k.segment AND s.segment_value = k.segment_value
  WHERE k.basis = 'subscription')
SELECT day AS date, currency, is_converted, segment, segment_value,
  money(mrr_opening) AS mrr_opening, money(mrr_new) AS mrr_new, money(mrr_reactivation) AS mrr_reactivation,
  money(mrr_expansion) AS mrr_expansion, money(mrr_contraction) AS mrr_contraction, money(mrr_churned) AS mrr_churned,
  money(mrr_entering) AS mrr_entering, money(mrr_leaving) AS mrr_leaving,
  -- the change of the rates, and what rounding each amount once leaves over: the identity holds exactly
  money(mrr_closing - (mrr_opening + mrr_new + mrr_reactivation + mrr_expansion - mrr_contraction - mrr_churned
        + mrr_entering - mrr_leaving)) AS mrr_fx,
  money(mrr_closing) AS mrr_closing,
  customers_paying, customers_new, customers_reactivated, customers_churned,
  ratio(money(mrr_closing), customers_paying) AS arpa,
  ratio(money(mrr_new + mrr_reactivation + mrr_expansion), money(mrr_contraction + mrr_churned)) AS quick_ratio
FROM rounded
