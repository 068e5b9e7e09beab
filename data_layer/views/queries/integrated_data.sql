-- Grain: that of the integrated view bound as "integrated"; filters by region and fuel.
-- An empty list means all.
SELECT *
FROM integrated
WHERE (len($regions) = 0 OR list_contains($regions, region))
    AND (len($fuels) = 0 OR list_contains($fuels, fuel_type))
