-- Which active people within :scope are likely registered twice? The same name and birth date, or the same name and phone.
WITH mine AS (
  SELECT id, name, birth_date, sex, phone_hash, id_number_hash, household_id, area_code
  FROM residents
  WHERE retired_at IS NULL AND coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope)) AND area_code LIKE :area
)
SELECT a.id AS one, b.id AS other, a.name, a.area_code AS one_area, b.area_code AS other_area,
  a.household_id AS one_household, b.household_id AS other_household,
  coalesce(a.birth_date = b.birth_date, false) AS same_birth, coalesce(a.sex = b.sex, false) AS same_sex,
  coalesce(a.phone_hash = b.phone_hash, false) AS same_phone,
  a.id_number_hash IS NOT NULL AND b.id_number_hash IS NOT NULL AS both_numbers
FROM mine a
JOIN mine b ON b.name = a.name AND b.id > a.id
  AND (b.birth_date = a.birth_date OR b.phone_hash = a.phone_hash)
WHERE a.id_number_hash IS NULL OR b.id_number_hash IS NULL OR b.phone_hash = a.phone_hash
ORDER BY (b.phone_hash = a.phone_hash AND b.birth_date = a.birth_date) DESC NULLS LAST, a.id, b.id
LIMIT :limit
