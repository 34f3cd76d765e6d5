WITH w AS (SELECT watermark AS d FROM calendar),
standing AS (
  SELECT person AS customer_id, bool_or(basis = 'subscription') AS is_paying, bool_or(basis = 'orders') AS is_ordering,
    bool_or(basis = 'usage') AS is_using
  FROM active, w WHERE day = d AND basis <> 'user' GROUP BY person),
recent AS (SELECT *, day > d - 28 AS is_now FROM events, w WHERE day > d - 56),
used AS (
  SELECT customer_id, count(*) FILTER (is_now) AS events, count(*) FILTER (NOT is_now) AS events_before
  FROM recent GROUP BY customer_id),
named AS (
  SELECT customer_id,
    count(*) FILTER (role = 'login' AND is_now) AS logins, count(*) FILTER (role = 'login' AND NOT is_now) AS logins_before,
    count(*) FILTER (role = 'ticket' AND is_now) AS tickets, count(*) FILTER (role = 'ticket' AND NOT is_now) AS tickets_before
  FROM recent JOIN roles USING (event_name) GROUP BY customer_id),
rule AS (SELECT reporting_currency IS NOT NULL AS is_reported, grace_days FROM rules),
spent AS (  -- in the reporting currency at the rate of the day of the order, else as plain numbers
  SELECT customer_id, day > d - 28 AS is_now, net * coalesce(r.rate, 1) AS worth
  FROM w, orders o LEFT JOIN rates r USING (currency, day) WHERE o.day > d - 56),
spending AS (
  SELECT customer_id, coalesce(sum(worth) FILTER (is_now), 0) AS now, coalesce(sum(worth) FILTER (NOT is_now), 0) AS before
  FROM spent GROUP BY customer_id),
recurring AS (  -- both at the rate of the watermark
  SELECT m.customer_id, coalesce(sum(m.mrr * coalesce(r.rate, 1)) FILTER (m.day = d), 0) AS now,
    coalesce(sum(m.mrr * coalesce(r.rate, 1)) FILTER (m.day = d - 30), 0) AS before
  FROM w, customer_mrr m LEFT JOIN rates r ON r.currency = m.currency AND r.day = (SELECT watermark FROM calendar)
  WHERE m.day IN (d, d - 30) GROUP BY m.customer_id),
late AS (
  SELECT m.customer_id, max(d - p.first_day + 1) AS days
  FROM w, subscription_mrr m JOIN past_due p USING (day, subscription_id) WHERE m.day = d AND m.mrr > 0 GROUP BY m.customer_id),
answers AS (  -- the latest in 90 days; of one instant the lowest
  SELECT customer_id, CAST(value AS DOUBLE) AS score
  FROM w, events JOIN roles USING (event_name) WHERE role = 'nps' AND value BETWEEN 0 AND 10 AND day > d - 90
  QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY instant DESC, value) = 1),
renewals AS (
  SELECT t.customer_id, min(t.due) - any_value(d) AS days
  FROM w, terms_begun t JOIN subscription_mrr m USING (subscription_id, customer_id, currency)
  WHERE m.day = d AND m.mrr > 0 AND t.due > d
    AND t.interval_count * CASE t.interval WHEN 'day' THEN 1 WHEN 'week' THEN 7 WHEN 'month' THEN 30 WHEN 'quarter' THEN 90 ELSE 365 END > 60
  GROUP BY t.customer_id),
numbers AS (
  SELECT s.*, coalesce(n.logins, 0) AS logins, coalesce(n.logins_before, 0) AS logins_before,
    coalesce(u.events, 0) AS events, coalesce(u.events_before, 0) AS events_before,
    coalesce(money(CASE WHEN is_reported THEN reported(o.now) ELSE o.now END), 0) AS order_value,
    coalesce(money(CASE WHEN is_reported THEN reported(o.before) ELSE o.before END), 0) AS order_value_before,
    coalesce(money(CASE WHEN is_reported THEN reported(m.now) ELSE m.now END), 0) AS mrr,
    coalesce(money(CASE WHEN is_reported THEN reported(m.before) ELSE m.before END), 0) AS mrr_30_days_before,
    coalesce(l.days, 0) AS past_due_days, rule.grace_days, a.score AS nps_score, 6 AS nps_limit,
    coalesce(n.tickets, 0) AS tickets, coalesce(n.tickets_before, 0) AS tickets_before, r.days AS days_to_renewal, 60 AS renewal_days
  FROM rule, standing s LEFT JOIN named n USING (customer_id) LEFT JOIN used u USING (customer_id) LEFT JOIN spending o USING (customer_id)
  LEFT JOIN recurring m USING (customer_id) LEFT JOIN late l USING (customer_id) LEFT JOIN answers a USING (customer_id)
  LEFT JOIN renewals r USING (customer_id)),
signs AS (
  SELECT *, logins_before > 0 AND 2 * logins <= logins_before AS is_logins_down,
    events_before > 0 AND 2 * events <= events_before AS is_usage_down,
    order_value_before > 0 AND 2 * order_value <= order_value_before AS is_order_value_down,
    mrr > 0 AND mrr < mrr_30_days_before AS is_downgraded, past_due_days > 0 AS is_past_due,
    coalesce(nps_score <= 6, false) AS is_detractor, tickets >= 2 AND tickets >= 2 * tickets_before AS is_ticket_surge,
    days_to_renewal IS NOT NULL AS is_renewal_due
  FROM numbers),
scored AS (
  SELECT *, 100 - 15 * is_logins_down::INT - 15 * is_usage_down::INT - 5 * is_order_value_down::INT - 10 * is_downgraded::INT
    - 30 * is_past_due::INT - 10 * is_detractor::INT - 10 * is_ticket_surge::INT - 5 * is_renewal_due::INT AS health_score
  FROM signs)
SELECT customer_id, is_paying, is_ordering, is_using, logins, logins_before, is_logins_down, events, events_before, is_usage_down,
  order_value, order_value_before, is_order_value_down, mrr, mrr_30_days_before, is_downgraded, past_due_days, grace_days, is_past_due,
  nps_score, nps_limit, is_detractor, tickets, tickets_before, is_ticket_surge, days_to_renewal, renewal_days, is_renewal_due, health_score,
  nullif(concat_ws('; ',
    CASE WHEN is_past_due THEN format('payment {} days late', past_due_days) END,
    CASE WHEN is_logins_down THEN format('logins {} after {}', logins, logins_before) END,
    CASE WHEN is_usage_down THEN format('events {} after {}', events, events_before) END,
    CASE WHEN is_downgraded THEN 'MRR ' || plain(mrr) || ' after ' || plain(mrr_30_days_before) END,
    CASE WHEN is_detractor THEN 'NPS ' || plain(nps_score) END,
    CASE WHEN is_ticket_surge THEN format('tickets {} after {}', tickets, tickets_before) END,
    CASE WHEN is_order_value_down THEN 'orders of ' || plain(order_value) || ' after ' || plain(order_value_before) END,
    CASE WHEN is_renewal_due THEN format('renewal in {} days', days_to_renewal) END), '') AS reasons,
  health_score <= 70 AS is_at_risk, CASE WHEN health_score <= 70 THEN mrr ELSE 0 END AS mrr_at_risk
FROM scored
