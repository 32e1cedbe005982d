"""The page as it opens: three arms of women on an aromatase inhibitor."""

from __future__ import annotations

from typing import Any

FIRST_PAGE: dict[str, Any] = {
    "patient": {"age": 62.0, "menopause_age": 50.0},
    "arms": [
        {"name": "inhibitor alone", "schedule": "anastrozole 1 mg daily for 5 y"},
        {
            "name": "with zoledronic acid",
            "schedule": "anastrozole 1 mg daily for 5 y; zoledronic acid 4 mg every 6 mo for 5 y",
        },
        {
            "name": "with denosumab",
            "schedule": "anastrozole 1 mg daily for 5 y; denosumab 60 mg every 6 mo for 5 y",
        },
    ],
    "years": 10.0,
    "panels": [
        "bmd_lumbar_spine_percent_change",
        "bmd_total_hip_percent_change",
        "ctx_percent_change",
        "fracture_probability_major",
    ],
    "visits": [0.0, 12.0, 24.0, 60.0, 120.0],
}
