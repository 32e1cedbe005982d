"""What other methods than DXA read: tissue mineral, vertebral bodies, and the cortex of the radius.

The model has one pool of bone a site. These readouts are derived from the pools as said at each;
they have no states, and nothing acts back on bone.
"""

from __future__ import annotations

from remodel.equations import endpoint, maximum, quantity


@quantity
def bone_lumbar_spine(fresh_lumbar_spine, young_lumbar_spine, mature_lumbar_spine):
    """Bone of the lumbar spine, of whatever age, relative to before menopause."""
    return fresh_lumbar_spine + young_lumbar_spine + mature_lumbar_spine


@quantity
def bone_total_hip(fresh_total_hip, young_total_hip, mature_total_hip):
    """Bone of the total hip, of whatever age, relative to before menopause."""
    return fresh_total_hip + young_total_hip + mature_total_hip


@endpoint(unit="-", meaning="Calcium of trabecular bone tissue, by weight")
def tissue_mineral_density_trabecular(
    tissue_mineral_premenopausal,
    mineral_lumbar_spine,
    bone_lumbar_spine,
    mineral_lumbar_spine_premenopausal,
):
    """Mean of the mineral distribution: mineral in a gram of bone of the spine (Roschger 2008)."""
    tissue = mineral_lumbar_spine / bone_lumbar_spine
    return tissue_mineral_premenopausal * tissue / mineral_lumbar_spine_premenopausal


@endpoint(unit="-", meaning="Calcium of cortical bone tissue, by weight")
def tissue_mineral_density_cortical(
    tissue_mineral_premenopausal,
    mineral_total_hip,
    bone_total_hip,
    mineral_total_hip_premenopausal,
):
    """As of trabecular bone; cortex turns over as the hip does, most of which is cortex."""
    tissue = mineral_total_hip / bone_total_hip
    return tissue_mineral_premenopausal * tissue / mineral_total_hip_premenopausal


@quantity
def vertebral_bodies(
    time,
    ovarian_failure,
    mineral_lumbar_spine,
    mineral_lumbar_spine_premenopausal,
    hidden_loss_lumbar_spine_rate,
    degeneration_onset,
):
    """Mineral of vertebral bodies relative to before menopause, without degeneration.

    Trabeculae that age takes whole do not come back, and no drug of bone is known to hold them.
    The scan from behind gains by degeneration about what it loses by them; trials by DXA tell
    only the difference (``degeneration_lumbar_spine_rate``), QCT and scans from the side the loss.
    """
    years = maximum(time - degeneration_onset, 0 * time)
    kept = 1 - ovarian_failure * hidden_loss_lumbar_spine_rate * years
    return kept * mineral_lumbar_spine / mineral_lumbar_spine_premenopausal


@endpoint(unit="g/cm^2", meaning="Areal bone mineral density, lumbar spine, without degeneration")
def bmd_lumbar_spine_artefact_free(bmd_lumbar_spine_young, vertebral_bodies):
    """What a scan would read without osteophytes and calcium of the aorta."""
    return bmd_lumbar_spine_young * vertebral_bodies


@endpoint(unit="mg/mL", meaning="Volumetric bone mineral density, vertebral bodies, by QCT")
def bmd_lumbar_spine_qct(qct_premenopausal, vertebral_bodies, qct_exponent):
    """Vertebral bodies without the arches that DXA also sees, hence larger changes."""
    return qct_premenopausal * vertebral_bodies**qct_exponent


@endpoint(unit="mm", meaning="Thickness of the cortex of the distal radius")
def cortical_thickness_radius(
    cortical_thickness_premenopausal, bone_total_hip, porous_share_of_cortical_loss
):
    """Cortex is lost from within as from the hip, most of it at the marrow."""
    return cortical_thickness_premenopausal * bone_total_hip ** (1 - porous_share_of_cortical_loss)


@endpoint(unit="-", meaning="Porosity of the cortex of the distal radius")
def cortical_porosity_radius(
    cortical_porosity_premenopausal, bone_total_hip, porous_share_of_cortical_loss
):
    """The rest of what is lost opens pores."""
    left = (1 - cortical_porosity_premenopausal) * bone_total_hip**porous_share_of_cortical_loss
    return 1 - left
