WITH lengths AS (SELECT unnest([30, 90, 365]) AS window_days),
bought AS (  -- what each customer ordered in (D-w, D]
  SELECT s.person, s.day, s.window_days, s.segment, s.segment_value,
    (SELECT count(DISTINCT o.day) FROM orders o WHERE o.customer_id = s.person AND o.day > s.day - s.window_days AND o.day <= s.day) AS order_days,
    (SELECT count(*) FROM orders o WHERE o.customer_id = s.person AND o.day > s.day - s.window_days AND o.day <= s.day) AS orders
  FROM window_segments s WHERE s.basis = 'orders'),
counts AS (
  SELECT day, window_days, segment, segment_value,
    count(*) FILTER (order_days >= 1) AS customers_ordering,
    count(*) FILTER (order_days >= 2) AS customers_repeating,
    sum(orders) AS orders
  FROM bought GROUP BY ALL)
SELECT k.day AS date, w.window_days, k.segment, k.segment_value,
  coalesce(customers_ordering, 0) AS customers_ordering,
  coalesce(customers_repeating, 0) AS customers_repeating,
  ratio(customers_repeating, customers_ordering) AS repeat_purchase_rate,
  coalesce(orders, 0) AS orders,
  ratio(orders, customers_ordering) AS orders_per_customer
FROM key_days k CROSS JOIN lengths w
LEFT JOIN counts c ON c.day = k.day AND c.window_days = w.window_days AND c.segment = k.segment AND c.segment_value = k.segment_value
WHERE k.basis = 'orders'
