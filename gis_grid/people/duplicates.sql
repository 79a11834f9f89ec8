-- Which active people within :scope are likely registered twice? The same name and birth date, or the same name and phone.
WITH mine AS (
  SELECT id, name, birth_date, sex, phone_hash, id_number_hash, household_id, area_code
  FROM residents
  WHERE retired_at IS NULL AND coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope)) AND area_code LIKE :area
), pairs AS ( -- two joins by equality: one by name alone would pair everybody called 张伟 with all others of that name
  SELECT a.id AS one, b.id AS other FROM mine a JOIN mine b ON b.name = a.name AND b.birth_date = a.birth_date AND b.id > a.id
  UNION
  SELECT a.id, b.id FROM mine a JOIN mine b ON b.phone_hash = a.phone_hash AND b.name = a.name AND b.id > a.id
)
SELECT a.id AS one, b.id AS other, a.name, a.area_code AS one_area, b.area_code AS other_area,
  a.household_id AS one_household, b.household_id AS other_household,
  coalesce(a.birth_date = b.birth_date, false) AS same_birth, coalesce(a.sex = b.sex, false) AS same_sex,
  coalesce(a.phone_hash = b.phone_hash, false) AS same_phone,
  a.id_number_hash IS NOT NULL AND b.id_number_hash IS NOT NULL AS both_numbers
FROM pairs
JOIN mine a ON a.id = pairs.one
JOIN mine b ON b.id = pairs.other
WHERE a.id_number_hash IS NULL OR b.id_number_hash IS NULL OR b.phone_hash = a.phone_hash
ORDER BY (b.phone_hash = a.phone_hash AND b.birth_date = a.birth_date) DESC NULLS LAST, a.id, b.id
LIMIT :limit
