WITH placed AS (  -- each order in its own currency, and again in the reporting currency at the day's rate
  SELECT o.customer_id, o.day, o.currency, false AS is_converted, o.net AS amount FROM orders o
  UNION ALL
  SELECT o.customer_id, o.day, (SELECT reporting_currency FROM rules), true, o.net * r.rate
  FROM orders o JOIN rates r ON r.currency = o.currency AND r.day = o.day),
firsts AS (SELECT customer_id, currency, is_converted, min(day) AS day FROM placed GROUP BY ALL),
sums AS (
  SELECT p.day, p.currency, p.is_converted, s.segment, s.segment_value,
    count(*) AS orders,
    count(DISTINCT p.customer_id) AS customers_ordering,
    count(DISTINCT p.customer_id) FILTER (p.day = f.day) AS customers_first_order,
    sum(p.amount) AS revenue,
    coalesce(sum(p.amount) FILTER (p.day = f.day), 0) AS revenue_first_orders
  FROM placed p
  JOIN firsts f ON f.customer_id = p.customer_id AND f.currency = p.currency AND f.is_converted = p.is_converted
  JOIN segment_days s ON s.basis = 'orders' AND s.person = p.customer_id AND s.day = p.day
  GROUP BY ALL),
rounded AS (
  SELECT * REPLACE (
    money(CASE WHEN is_converted THEN reported(revenue) ELSE revenue END) AS revenue,
    money(CASE WHEN is_converted THEN reported(revenue_first_orders) ELSE revenue_first_orders END) AS revenue_first_orders)
  FROM sums)
SELECT k.day AS date, k.currency, k.is_converted, k.segment, k.segment_value,
  coalesce(orders, 0) AS orders,
  coalesce(customers_ordering, 0) AS customers_ordering,
  coalesce(customers_first_order, 0) AS customers_first_order,
  coalesce(revenue, 0) AS revenue,
  coalesce(revenue_first_orders, 0) AS revenue_first_orders,
  ratio(revenue, orders) AS average_order_value
FROM money_key_days k
LEFT JOIN rounded r ON r.day = k.day AND r.currency = k.currency AND r.is_converted = k.is_converted
  AND r.segment = k.segment AND r.segment_value = k.segment_value
WHERE k.basis = 'orders'
