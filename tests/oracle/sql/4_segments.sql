-- The value of every person in every segment on every day from the person's first fact of the basis on; and the rows each key has.

CREATE TABLE people AS
SELECT basis, person, CASE basis WHEN 'user' THEN 'user' ELSE 'customer' END AS kind, min(day) AS first_day
FROM facts GROUP BY basis, person;

CREATE TABLE segment_days AS
SELECT p.basis, p.person, d.day, 'all' AS segment, 'all' AS segment_value FROM people p JOIN days d ON d.day >= p.first_day
UNION ALL
SELECT p.basis, p.person, d.day, 'acquisition_channel', o.acquisition_channel
FROM people p JOIN days d ON d.day >= p.first_day JOIN origins o ON o.kind = p.kind AND o.person = p.person
WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'channel')
UNION ALL
SELECT p.basis, p.person, d.day, 'country', o.country
FROM people p JOIN days d ON d.day >= p.first_day JOIN origins o ON o.kind = p.kind AND o.person = p.person
WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'country');
