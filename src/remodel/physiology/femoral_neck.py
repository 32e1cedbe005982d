"""The femoral neck, part of the hip, shares with the total hip what its data cannot tell apart."""

from __future__ import annotations

from remodel.equations import quantity


@quantity
def modeling_share_femoral_neck(modeling_share_total_hip):
    """Share of formation at the femoral neck that is modeling, as at the total hip."""
    return modeling_share_total_hip


@quantity
def refilling_loss_with_age_femoral_neck(refilling_loss_with_age_total_hip):
    """Yearly fall of the refilled share at the femoral neck in old age, as at the total hip."""
    return refilling_loss_with_age_total_hip
