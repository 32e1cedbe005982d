"""What other methods than DXA read: tissue mineral, vertebral bodies, and the cortex of the radius.

The model has one pool of bone a site. These readouts are derived from the pools as said at each;
they have no states, and nothing acts back on bone.
"""

from __future__ import annotations

from remodel.equations import endpoint, quantity


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


@endpoint(unit="g/cm^2", meaning="Areal bone mineral density, lumbar spine, without degeneration")
def bmd_lumbar_spine_artefact_free(bmd_lumbar_spine, degeneration_lumbar_spine):
    """What DXA would read without osteophytes and calcium of the aorta."""
    return bmd_lumbar_spine / degeneration_lumbar_spine


@endpoint(unit="mg/mL", meaning="Volumetric bone mineral density, vertebral bodies, by QCT")
def bmd_lumbar_spine_qct(
    qct_premenopausal,
    mineral_lumbar_spine,
    mineral_lumbar_spine_premenopausal,
    qct_exponent,
):
    """Vertebral bodies without the arches that DXA also sees, hence larger changes."""
    left = mineral_lumbar_spine / mineral_lumbar_spine_premenopausal
    return qct_premenopausal * left**qct_exponent


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
