"""Women who differ: their ages, histories, bone, parameters, and how they take their drugs."""
